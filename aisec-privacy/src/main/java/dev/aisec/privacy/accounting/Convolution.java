// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sum of independent discrete privacy losses, by one Fourier transform of exponentially tilted masses. Tilting by e^(λ loss)
 * moves the middle of the sum to the ε of interest, so that even δ = 1e-30 has a small relative error. Rounding, the window's
 * ends and what wraps around are bounded, and the bound counts against the answer.
 *
 * <p>Source of tilting and of the treatment of errors: Gopi, Lee, Wutschitz, Numerical Composition of Differential Privacy,
 * NeurIPS 2021, section 5; Koskela, Jälkö, Prediger, Honkela, Tight Differential Privacy for Discrete-Valued Mechanisms,
 * AISTATS 2021; the bounds here are derived anew, see the comments.
 */
final class Convolution {
    private static final double ULP = 0x1p-53;

    /** Multiples of 1 / spread at which Chernoff's bound is tried for the ends of the window. */
    private static final double[] FACTORS = {0.7, 1.2, 2, 3, 4.5, 6.5, 9, 13};

    /** Shares of Chernoff's tilt that are tried: rare large losses make windows at large tilts too wide. */
    private static final double[] SHARES = {1, 0.5, 0.25, 0.1, 0};

    /** A window up to this many steps needs no better tilt. */
    private static final int MODERATE = 1 << 18;

    private final List<Dots> dots;
    private final long[] times;
    private final double step;
    private final boolean above;

    /** The probability that no part breaks, and its complement. */
    private final double broken;

    /** Relative error of the product of masses, and the error of the loss that comes with it. */
    private final double massSlack;

    private final double lossSlack;

    private final double total;
    private final double[][] roughLosses;
    private final double[][] roughMasses;

    Convolution(List<Dots> dots, long[] times, boolean above) {
        this.dots = dots;
        this.times = times;
        this.above = above;
        step = dots.get(0).step;
        roughLosses = new double[times.length][];
        roughMasses = new double[times.length][];
        double log = 0;
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < times.length; i++) {
            Dots part = dots.get(i);
            rough(i);
            log += times[i] * Math.log1p(-Math.min(1, part.broken));
            sum += times[i];
            largest = Math.max(largest, Math.max(Math.abs(part.first), Math.abs(part.first + part.p.length)) * step);
        }
        total = sum;
        broken = -Math.expm1(log) * (above ? 1 + 1e-12 : 1 - 1e-12);
        massSlack = 2 * total * Cells.SLACK;
        // Both masses of a cell are off by the same factor but for a few roundings of the ratio.
        lossSlack = total * Math.max(2e-15, 1e-13 * Math.min(1 + largest, 1e3 * (largest + step)));
    }

    /** A tilt and its window. */
    record Plan(double tilt, Window window) {
        double width() {
            return window.high - window.low;
        }
    }

    /** A plan to find ε for δ. */
    Plan planForDelta(double delta) {
        double target = Math.log(Math.max(delta - (above ? 0 : broken), 1e-300));
        double tilt = tilt(moments -> moments[0] - moments[3] * moments[1] > target);
        return plan(tilt, moments(tilt)[1], target);
    }

    /** A plan to find δ for ε, when δ is known roughly. */
    Plan planForEpsilon(double epsilon, double delta) {
        double target = Math.log(Math.max(delta - (above ? 0 : broken), 1e-300));
        return plan(tilt(moments -> moments[1] < epsilon), epsilon, target);
    }

    private Plan plan(double tilt, double epsilon, double logDelta) {
        @Nullable Plan best = null;
        for (double share : SHARES) {
            double candidate = share * tilt;
            // ln of the tilted mass that may lie beyond: 1e-7 of what makes up δ.
            double cut = Math.max(-60, Math.min(-16, logDelta + candidate * epsilon - moments(candidate)[0] - 16));
            // The transform's rounding, in units of δ, grows with the distance from Chernoff's tilt.
            double rounding = moments(candidate)[0] - candidate * epsilon - logDelta + Math.log(1e-13 * total);
            if (best != null && rounding > Math.log(1e-4)) {
                break;
            }
            Plan plan = new Plan(candidate, window(candidate, cut));
            if (best == null || plan.width() < best.width()) {
                best = plan;
            }
            if (best.width() <= MODERATE || tilt == 0) {
                break;
            }
        }
        return java.util.Objects.requireNonNull(best);
    }

    private interface More {
        boolean needed(double[] moments);
    }

    private double tilt(More more) {
        double[] still = moments(0);
        if (!more.needed(still)) {
            return 0;
        }
        double low = 0;
        double high = 1 / Math.sqrt(still[2] + step * step);
        double[] at = moments(high);
        // A tilt that leaves less than a step of spread has reached the largest loss.
        while (more.needed(at) && at[2] > step * step * 0.01 && high < 1e5 / step) {
            low = high;
            high *= 2;
            at = moments(high);
        }
        for (int i = 0; i < 8; i++) {
            double middle = 0.5 * (low + high);
            if (more.needed(moments(middle))) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** K(λ), K', K'' of the sum, and λ; roughly, for planning: it has no part in the answer. */
    private double[] moments(double tilt) {
        double[] sum = {0, 0, 0, tilt};
        for (int i = 0; i < times.length; i++) {
            double[] losses = roughLosses[i];
            double[] masses = roughMasses[i];
            double top = losses[losses.length - 1];
            double zeroth = 0;
            double first = 0;
            double second = 0;
            for (int j = 0; j < losses.length; j++) {
                double weight = masses[j] * Math.exp(tilt * (losses[j] - top));
                zeroth += weight;
                first += weight * losses[j];
                second += weight * losses[j] * losses[j];
            }
            if (zeroth > 0) {
                double mean = first / zeroth;
                sum[0] += times[i] * (Math.log(zeroth) + tilt * top);
                sum[1] += times[i] * mean;
                sum[2] += times[i] * Math.max(0, second / zeroth - mean * mean);
            }
        }
        return sum;
    }

    /** Masses thrown together, at most 2048 of them. */
    private void rough(int i) {
        Dots part = dots.get(i);
        int from = smallest(part) - part.first;
        int to = largest(part) - part.first + 1;
        int stride = (to - from) / 2048 + 1;
        int count = (to - from + stride - 1) / stride;
        roughLosses[i] = new double[count];
        roughMasses[i] = new double[count];
        for (int j = 0; j < count; j++) {
            int start = from + j * stride;
            int end = Math.min(to, start + stride);
            for (int k = start; k < end; k++) {
                roughMasses[i][j] += part.p[k];
                roughLosses[i][j] += part.p[k] * (k - start);
            }
            double offset = roughMasses[i][j] > 0 ? roughLosses[i][j] / roughMasses[i][j] : 0;
            roughLosses[i][j] = (part.first + start + offset) * step;
        }
    }

    private static int largest(Dots part) {
        int j = part.p.length - 1;
        while (j > 0 && part.p[j] == 0) {
            j--;
        }
        return part.first + j;
    }

    private static int smallest(Dots part) {
        int j = 0;
        while (j < part.p.length - 1 && part.p[j] == 0) {
            j++;
        }
        return part.first + j;
    }

    /** Exact ln Σ p e^(λ loss), in total. */
    private double cumulant(double tilt) {
        double sum = 0;
        for (int i = 0; i < times.length; i++) {
            sum += times[i] * cumulant(dots.get(i), tilt);
        }
        return sum;
    }

    private double cumulant(Dots part, double tilt) {
        double top = (tilt > 0 ? largest(part) : smallest(part)) * step;
        double sum = 0;
        // Blocks against the growth of rounding in long sums.
        for (int j = 0; j < part.p.length; ) {
            double block = 0;
            for (int end = Math.min(part.p.length, j + 256); j < end; j++) {
                block += part.p[j] * Math.exp(tilt * ((part.first + j) * step - top));
            }
            sum += block;
        }
        return sum > 0 ? Math.log(sum) + tilt * top : -1e300;
    }

    /** From where to where the tilted sum lies, in steps, and what may lie beyond. */
    record Window(double low, double high, double lowMass, double highMass) {}

    private Window window(double tilt, double cut) {
        double[] moments = moments(tilt);
        double spread = Math.sqrt(moments[2]) + step;
        double base = cumulant(tilt);
        double top = 0;
        double bottom = 0;
        for (int i = 0; i < times.length; i++) {
            top += times[i] * (double) largest(dots.get(i));
            bottom += times[i] * (double) smallest(dots.get(i));
        }
        double high = Double.POSITIVE_INFINITY;
        double low = Double.NEGATIVE_INFINITY;
        // Chernoff: ln P(S >= h) <= K(λ + θ) − K(λ) − θ h, at a few θ.
        for (double factor : FACTORS) {
            double theta = factor / spread;
            high = Math.min(high, Math.ceil((cumulant(tilt + theta) - base - cut) / theta / step));
            low = Math.max(low, Math.floor(-(cumulant(tilt - theta) - base - cut) / theta / step));
        }
        double mass = 2 * Math.exp(cut);
        return new Window(Math.max(low, bottom), Math.min(high, top), low > bottom ? mass : 0, high < top ? mass : 0);
    }

    /** Masses of the sum around an ε, ready to be asked. */
    final class Sum {
        private final double tilt;
        private final long low;
        private final double[] mass;
        private final double logScale;
        private final double lowMass;
        private final double highMass;
        private final double error;

        Sum(Plan plan) {
            tilt = plan.tilt;
            Window window = plan.window;
            low = (long) window.low;
            lowMass = window.lowMass;
            highMass = window.highMass;
            int size = Integer.highestOneBit(Math.max(1, (int) (window.high - window.low))) * 2;
            Fft fft = new Fft(size);
            double[] re = new double[size];
            double[] im = new double[size];
            double[] productRe = new double[size];
            double[] productIm = new double[size];
            double[] logBound = new double[size];
            double[] relative = new double[size];
            java.util.Arrays.fill(productRe, 1);
            double scale = 0;
            double forward = fft.error() * 1.01;
            for (int part = 0; part < times.length; part++) {
                Dots own = dots.get(part);
                long power = times[part];
                double cumulant = cumulant(own, tilt);
                scale += power * cumulant;
                java.util.Arrays.fill(re, 0);
                java.util.Arrays.fill(im, 0);
                for (int j = 0; j < own.p.length; j++) {
                    double loss = (own.first + j) * step;
                    re[Math.floorMod(own.first + j, size)] += own.p[j] * Math.exp(tilt * loss - cumulant);
                }
                fft.forward(re, im);
                for (int k = 0; k <= size / 2; k++) {
                    double x = re[k];
                    double y = im[k];
                    double size1 = Math.sqrt(x * x + y * y) + forward;
                    logBound[k] += power * Math.log(size1);
                    // |ẑ^T − z^T| <= T (error + T-th part of the powers' rounding) (|ẑ| + error)^(T − 1).
                    relative[k] += power * (forward + 6 * ULP * size1) / size1;
                    double resultRe = productRe[k];
                    double resultIm = productIm[k];
                    for (long rest = power; ; ) {
                        if ((rest & 1) == 1) {
                            double t = resultRe * x - resultIm * y;
                            resultIm = resultRe * y + resultIm * x;
                            resultRe = t;
                        }
                        rest >>= 1;
                        if (rest == 0) {
                            break;
                        }
                        double t = x * x - y * y;
                        y = 2 * x * y;
                        x = t;
                    }
                    productRe[k] = resultRe;
                    productIm[k] = resultIm;
                }
            }
            double bound = 0;
            for (int k = 0; k <= size / 2; k++) {
                double most = Math.exp(logBound[k]) * (k == 0 || k == size / 2 ? 1 : 2);
                bound += most * Math.min(2, (relative[k] + forward) * 1.05);
                // The inverse transform is the forward one of the conjugate; masses are real, so half is known.
                productIm[k] = -productIm[k];
                if (k > 0 && k < size / 2) {
                    productRe[size - k] = productRe[k];
                    productIm[size - k] = -productIm[k];
                }
            }
            fft.forward(productRe, productIm);
            error = bound / size;
            mass = new double[size];
            for (int j = 0; j < size; j++) {
                double value = productRe[(int) Math.floorMod(low + j, (long) size)] / size;
                mass[j] = Math.max(0, above ? value + error : value - error);
            }
            logScale = scale;
        }

        /** ε for δ: an upper end if the dots are above, a lower end if below. */
        double epsilon(double delta) {
            // Without finite masses the slack is beyond 1; it must not turn the sign.
            double left = (delta - broken) * (above ? Math.max(0, 1 - slack()) : 1 + slack());
            if (!(left > 0)) {
                return Double.POSITIVE_INFINITY;
            }
            Tail tail = new Tail();
            while (tail.j >= 0) {
                // In units of e^(K − λ loss), the loss being that of j.
                double target = Math.exp(Math.log(left) - logScale + tilt * (low + tail.j) * step);
                if (!(tail.gain + ends(tail.j) <= target)) {
                    if (tail.j == mass.length - 1) {
                        return above ? Double.POSITIVE_INFINITY : 0;
                    }
                    double more = Math.log((tail.p + ends(tail.j) - target) / (tail.p - tail.gain));
                    return finish((low + tail.j) * step + (more >= 0 ? Math.min(step, more) : above ? step : 0));
                }
                tail.next();
            }
            return above ? finish(low * step) : 0;
        }

        private double finish(double epsilon) {
            double slack = lossSlack + 1e-15 + 1e-12 * Math.abs(epsilon);
            return Math.max(0, above ? epsilon + slack : epsilon - slack);
        }

        /** δ for ε. */
        double delta(double epsilon) {
            double slack = lossSlack + 1e-15 + 1e-12 * epsilon;
            // The curve decreases; a point of the grid on the safe side, then Q's share in between.
            double asked = above ? epsilon - slack : epsilon + slack;
            Tail tail = new Tail();
            while (tail.j >= 0 && (low + tail.j) * step > asked) {
                tail.next();
            }
            if (above && tail.j < 0) {
                // What lies below the window is not counted, so everything is.
                return 1;
            }
            // Below the window the value at its end serves as the lower one.
            double rest = Math.max(0, asked - (low + tail.j) * step);
            double value = tail.gain - Math.expm1(rest) * (tail.p - tail.gain) + ends(tail.j);
            double finite = value <= 0
                    ? 0
                    : Math.exp(Math.log(value) + logScale - tilt * (low + tail.j) * step)
                            * (above ? 1 + slack() : 1 - slack());
            return Math.max(0, Math.min(1, finite + broken));
        }

        /** Relative: of masses, of sums of so many positive terms, and of exponents. */
        private double slack() {
            return massSlack + 8 * ULP * mass.length + 1e-14 * (1 + Math.abs(logScale));
        }

        /** What the mass beyond the window adds to δ above, or what wrapped mass may have added to it below. */
        private double ends(int j) {
            return above ? highMass * Math.exp(-tilt * (mass.length - j) * step) : -(lowMass + highMass);
        }

        /** Sums over the losses above that of j, tilted back to it; all terms are positive. */
        private final class Tail {
            private final double tilted = Math.exp(-tilt * step);
            private final double fall = Math.exp(-step);
            private final double rise = -Math.expm1(-step);
            private int j = mass.length - 1;

            /** Σ mass e^(−λ (loss − loss_j)). */
            private double p;

            /** The same with a factor 1 − e^(loss_j − loss). */
            private double gain;

            private void next() {
                double sum = p + mass[j];
                gain = tilted * (fall * gain + rise * sum);
                p = tilted * sum;
                j--;
            }
        }
    }
}
