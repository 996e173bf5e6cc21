// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.DiscreteGaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Laplace;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import dev.aisec.privacy.accounting.PrivacyLoss.Pure;
import dev.aisec.privacy.accounting.PrivacyLoss.RandomizedResponse;
import dev.aisec.privacy.accounting.PrivacyLoss.ZeroConcentrated;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.analysis.integration.gauss.GaussIntegrator;
import org.apache.commons.math3.analysis.integration.gauss.GaussIntegratorFactory;
import org.jspecify.annotations.Nullable;

/**
 * A pair of distributions P, Q, cut where the privacy loss ln(P/Q) is a multiple of half a step: the masses of both in each
 * piece. Errors of a mass stay below a relative {@link #SLACK}.
 */
final class Cells {
    /** Relative error granted to a mass. */
    static final double SLACK = 1e-12;

    private static final GaussIntegrator FOUR = new GaussIntegratorFactory().legendre(4);
    private static final GaussIntegrator EIGHT = new GaussIntegratorFactory().legendre(8);

    /** Half the step of the grid. */
    final double width;

    /** Piece k holds losses from (first + k) · width on. */
    final int first;

    final double[] p;
    final double[] q;

    /** Below the first piece. */
    double lowP;

    double lowQ;

    /** Above the last piece, or not more than is there. */
    double highP;

    double highQ;

    /** Where the other one is zero. */
    double breakP;

    double breakQ;

    private Cells(double width, int first, int size) {
        this.width = width;
        this.first = first;
        p = new double[size];
        q = new double[size];
    }

    /** With P and Q exchanged. */
    Cells reversed() {
        Cells reversed = new Cells(width, -first - p.length, p.length);
        for (int i = 0; i < p.length; i++) {
            reversed.p[i] = q[p.length - 1 - i];
            reversed.q[i] = p[p.length - 1 - i];
        }
        reversed.lowP = highQ;
        reversed.lowQ = highP;
        reversed.highP = lowQ;
        reversed.highQ = lowP;
        reversed.breakP = breakQ;
        reversed.breakQ = breakP;
        return reversed;
    }

    /**
     * The pair of a loss, P with the record; for one that is known by bounds only, an admissible pair.
     *
     * @param cut how many σ from the mean tails are cut
     * @return null if no pair is known, or none that says anything
     */
    static @Nullable Cells of(PrivacyLoss loss, double width, double cut) {
        if (loss instanceof PoissonSampled sampled) {
            PrivacyLoss inner = Profile.merged(sampled.loss());
            double rate = sampled.rate();
            if (rate == 1) {
                return of(inner, width, cut);
            }
            if (loss.neighbouring() != Neighbouring.REPLACE_ONE) {
                return of(inner, rate, width, cut);
            }
            PrivacyLoss half = Profile.halved(sampled);
            if (half instanceof Gaussian gaussian) {
                return mixture(rate, gaussian.noiseMultiplier(), width, cut);
            }
            if (half != null) {
                return of(half, rate, width, cut);
            }
            // Its absence shows: with probability 1 - q the outputs are alike.
            Cells whole = of(inner, 1, width, cut);
            return whole == null ? null : whole.diluted(rate);
        }
        return of(loss, 1, width, cut);
    }

    /** With probability 1 − q an outcome that tells nothing. */
    private Cells diluted(double rate) {
        int low = Math.min(first, 0);
        Cells diluted = new Cells(width, low, Math.max(first + p.length, 1) - low);
        for (int i = 0; i < p.length; i++) {
            diluted.p[first - low + i] = rate * p[i];
            diluted.q[first - low + i] = rate * q[i];
        }
        diluted.p[-low] += 1 - rate;
        diluted.q[-low] += 1 - rate;
        diluted.lowP = rate * lowP;
        diluted.lowQ = rate * lowQ;
        diluted.highP = rate * highP;
        diluted.highQ = rate * highQ;
        diluted.breakP = rate * breakP;
        diluted.breakQ = rate * breakQ;
        return diluted;
    }

    /** Adds what the atoms of discrete Gaussian noise left out: by the integral, less than both normal tails. */
    private Cells cut(PrivacyLoss loss, double cut) {
        if (loss instanceof DiscreteGaussian) {
            highP = 2 * NormalTail.tail(cut) + 1e-300;
            lowQ = highP;
        }
        return this;
    }

    /** Tells whether {@link #of} is the worst pair, not only an admissible one. */
    static boolean exact(PrivacyLoss loss) {
        if (loss instanceof ZeroConcentrated) {
            return false;
        }
        if (loss instanceof DiscreteGaussian discrete) {
            return discrete.sigma() <= Profile.LARGEST_SUM;
        }
        if (loss instanceof PoissonSampled sampled) {
            PrivacyLoss inner = Profile.merged(sampled.loss());
            return exact(inner)
                    && (sampled.rate() == 1
                            || loss.neighbouring() != Neighbouring.REPLACE_ONE
                            || Profile.halved(sampled) == null);
        }
        return !(loss instanceof PrivacyLoss.Composed);
    }

    private static @Nullable Cells of(PrivacyLoss loss, double rate, double width, double cut) {
        if (loss instanceof Gaussian gaussian) {
            return gaussian(rate, gaussian.noiseMultiplier(), width, cut);
        }
        if (loss instanceof ZeroConcentrated concentrated && concentrated.rho() > 0) {
            return gaussian(rate, 1 / Math.sqrt(2 * concentrated.rho()), width, cut);
        }
        if (loss instanceof Laplace laplace) {
            return laplace(rate, laplace.noiseMultiplier(), width);
        }
        double[][] atoms = atoms(loss, cut);
        if (atoms == null) {
            return null;
        }
        for (double[] atom : atoms) {
            atom[0] = rate * atom[0] + (1 - rate) * atom[1];
        }
        return ofAtoms(atoms, width).cut(loss, cut);
    }

    /** Pairs (P, Q) of a discrete loss. */
    private static double @Nullable [][] atoms(PrivacyLoss loss, double cut) {
        if (loss instanceof RandomizedResponse response) {
            double other = response.noise() / response.answers();
            double same = 1 - response.noise() + other;
            return new double[][] {{same, other}, {other, same}, {1 - same - other, 1 - same - other}};
        }
        if (loss instanceof Pure || loss instanceof Approximate) {
            double epsilon = loss instanceof Pure pure ? pure.epsilon() : ((Approximate) loss).epsilon();
            double delta = loss instanceof Approximate approximate ? approximate.delta() : 0;
            double less = (1 - delta) * Math.exp(-epsilon) / (1 + Math.exp(-epsilon));
            double more = (1 - delta) / (1 + Math.exp(-epsilon));
            return new double[][] {{more, less}, {less, more}, {delta, 0}, {0, delta}};
        }
        if (loss instanceof DiscreteGaussian discrete && discrete.sigma() <= Profile.LARGEST_SUM) {
            double sigma = discrete.sigma();
            long sensitivity = discrete.sensitivity();
            long reach = (long) Math.ceil(cut * sigma) + 1;
            double norm = 0;
            for (long k = (long) (9 * sigma) + 2; k >= 1; k--) {
                norm += 2 * Math.exp(-0.5 * (k / sigma) * (k / sigma));
            }
            norm += 1;
            if (2 * reach + sensitivity > 1 << 22) {
                return null;
            }
            double[][] atoms = new double[(int) (2 * reach + sensitivity) + 1][];
            for (int i = 0; i < atoms.length; i++) {
                double y = (i - reach) / sigma;
                double x = (i - reach - sensitivity) / sigma;
                atoms[i] = new double[] {Math.exp(-0.5 * x * x) / norm, Math.exp(-0.5 * y * y) / norm};
            }
            return atoms;
        }
        return null;
    }

    private static Cells ofAtoms(double[][] atoms, double width) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double[] atom : atoms) {
            if (atom[0] > 0 && atom[1] > 0) {
                double loss = Math.log(atom[0] / atom[1]);
                low = Math.min(low, loss);
                high = Math.max(high, loss);
            }
        }
        int first = (int) Math.floor(low / width) - 1;
        Cells cells = new Cells(width, first, (int) Math.floor(high / width) + 2 - first);
        for (double[] atom : atoms) {
            if (atom[1] == 0) {
                cells.breakP += atom[0];
            } else if (atom[0] == 0) {
                cells.breakQ += atom[1];
            } else {
                int k = (int) Math.floor(Math.log(atom[0] / atom[1]) / width) - first;
                cells.p[k] += atom[0];
                cells.q[k] += atom[1];
            }
        }
        return cells;
    }

    private static Cells gaussian(double rate, double sigma, double width, double cut) {
        double left = -cut * sigma;
        double right = 1 + cut * sigma;
        int first = (int) Math.floor(Mixture.removeLoss(rate, sigma, left) / width);
        int last = (int) Math.floor(Mixture.removeLoss(rate, sigma, right) / width);
        Cells cells = new Cells(width, first, last - first + 1);
        boolean whole = Math.log1p(-rate) >= first * width;
        double[] mass = new double[2];
        double x = whole ? Double.NEGATIVE_INFINITY : left;
        for (int k = 0; k < cells.p.length; k++) {
            double edge = (first + k + 1) * width;
            double next = k == cells.p.length - 1
                    ? right
                    : Math.max(x, Math.min(right, 0.5 + sigma * sigma * Profile.amplified(rate, edge)));
            pieces(x, next, sigma, mass);
            cells.q[k] = mass[0];
            cells.p[k] = (1 - rate) * mass[0] + rate * mass[1];
            x = next;
        }
        if (!whole) {
            cells.lowQ = NormalTail.tail(cut);
            cells.lowP = (1 - rate) * cells.lowQ + rate * NormalTail.tail(cut + 1 / sigma);
        }
        cells.highQ = NormalTail.tail(cut + 1 / sigma);
        cells.highP = (1 - rate) * cells.highQ + rate * NormalTail.tail(cut);
        return cells;
    }

    /** Masses of [from, to] under N(0, σ²) and N(1, σ²). */
    private static void pieces(double from, double to, double sigma, double[] mass) {
        double a = from / sigma;
        double b = to / sigma;
        double steep = (b - a) * Math.max(1, Math.max(Math.abs(a), Math.abs(b)) + 1 / sigma);
        if (steep > 1) {
            mass[0] = between(a, b);
            mass[1] = between((from - 1) / sigma, (to - 1) / sigma);
            return;
        }
        GaussIntegrator rule = steep > 0.1 ? EIGHT : FOUR;
        double none = 0;
        double one = 0;
        double mid = 0.5 * (a + b);
        double half = 0.5 * (b - a);
        for (int i = 0; i < rule.getNumberOfPoints(); i++) {
            double z = mid + half * rule.getPoint(i);
            double weight = rule.getWeight(i);
            double density = weight * Math.exp(-0.5 * z * z);
            none += density;
            // By the ratio, so that both masses share the rounding of the exponent.
            double exponent = (z - 0.5 / sigma) / sigma;
            double y = z - 1 / sigma;
            one += Math.abs(exponent) < 200 ? density * Math.exp(exponent) : weight * Math.exp(-0.5 * y * y);
        }
        double scale = half * NormalTail.density(0);
        mass[0] = none * scale;
        mass[1] = one * scale;
    }

    private static double between(double a, double b) {
        return a > 0 ? NormalTail.tail(a) - NormalTail.tail(b) : NormalTail.tail(-b) - NormalTail.tail(-a);
    }

    private static Cells laplace(double rate, double scale, double width) {
        double low = Mixture.sampledLoss(rate, -1 / scale);
        double high = Mixture.sampledLoss(rate, 1 / scale);
        int first = (int) Math.floor(low / width);
        Cells cells = new Cells(width, first, (int) Math.floor(high / width) + 1 - first);
        double x = 0;
        for (int k = 0; k < cells.p.length; k++) {
            double edge = (first + k + 1) * width;
            double next = k == cells.p.length - 1
                    ? 1
                    : Math.max(x, Math.min(1, 0.5 + 0.5 * scale * Profile.amplified(rate, edge)));
            double span = -Math.expm1((x - next) / scale) / 2;
            cells.q[k] = Math.exp(-x / scale) * span;
            cells.p[k] = (1 - rate) * cells.q[k] + rate * Math.exp((next - 1) / scale) * span;
            x = next;
        }
        double far = Math.exp(-1 / scale) / 2;
        cells.q[0] += 0.5;
        cells.p[0] += (1 - rate) * 0.5 + rate * far;
        cells.q[cells.p.length - 1] += far;
        cells.p[cells.p.length - 1] += (1 - rate) * far + rate * 0.5;
        return cells;
    }

    /** REPLACE_ONE: (1 − q) N(0) + q N(1) and (1 − q) N(0) + q N(−1). */
    private static Cells mixture(double rate, double sigma, double width, double cut) {
        double right = 1 + cut * sigma;
        int last = (int) Math.floor(Mixture.replaceLoss(rate, sigma, right) / width);
        Cells cells = new Cells(width, -last - 1, 2 * last + 2);
        double[] up = new double[2];
        double[] down = new double[2];
        double x = 0;
        DoubleUnaryOperator loss = y -> Mixture.replaceLoss(rate, sigma, y);
        for (int k = 0; k <= last; k++) {
            double next = k == last ? right : inverse(loss, (k + 1) * width, x, right);
            pieces(x, next, sigma, up);
            pieces(-next, -x, sigma, down);
            double more = (1 - rate) * up[0] + rate * up[1];
            double less = (1 - rate) * up[0] + rate * down[1];
            cells.p[last + 1 + k] = more;
            cells.q[last + 1 + k] = less;
            cells.p[last - k] = less;
            cells.q[last - k] = more;
            x = next;
        }
        double none = NormalTail.tail(right / sigma);
        cells.highP = (1 - rate) * none + rate * NormalTail.tail(cut);
        cells.highQ = (1 - rate) * none + rate * NormalTail.tail(cut + 2 / sigma);
        cells.lowP = cells.highQ;
        cells.lowQ = cells.highP;
        return cells;
    }

    /** Where an increasing function reaches a value, by the secant inside a bracket. */
    private static double inverse(DoubleUnaryOperator increasing, double value, double low, double high) {
        double a = low;
        double b = high;
        double fa = increasing.applyAsDouble(a) - value;
        double fb = increasing.applyAsDouble(b) - value;
        // A narrow bracket first: neighbours are near each other.
        double reach = (high - low) / 1024;
        for (double c = low + reach; c < high; c = low + reach) {
            double fc = increasing.applyAsDouble(c) - value;
            if (fc >= 0) {
                b = c;
                fb = fc;
                break;
            }
            a = c;
            fa = fc;
            reach *= 2;
        }
        for (int i = 0; i < 60 && b - a > 4e-16 * Math.max(Math.abs(a), Math.abs(b)) && fa < 0 && fb > 0; i++) {
            double c = (i & 3) == 3 ? 0.5 * (a + b) : a - fa * (b - a) / (fb - fa);
            c = Math.max(a, Math.min(b, c));
            double fc = increasing.applyAsDouble(c) - value;
            if (Math.abs(fc) < 1e-15 * Math.max(1e-300, Math.abs(value))) {
                return c;
            }
            if (fc < 0) {
                a = c;
                fa = fc;
            } else {
                b = c;
                fb = fc;
            }
        }
        return 0.5 * (a + b);
    }
}
