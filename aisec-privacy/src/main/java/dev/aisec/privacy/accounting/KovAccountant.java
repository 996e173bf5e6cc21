// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.Composed;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import dev.aisec.privacy.accounting.PrivacyLoss.Pure;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Optimal composition of (ε, δ): the best that holds if nothing but (ε, δ) of each release is known. Exact for such losses, where
 * it replaces advanced composition; for noise whose whole curve is known, other accountants are tighter.
 *
 * <p>Releases of one ε are composed by the exact binomial sum, those of several by {@link PldAccountant}. What has no (ε, δ) of
 * its own gets a share of δ, several shares being tried; δ at ε is then that of {@link BasicAccountant}.
 *
 * <p>Source: Kairouz, Oh, Viswanath, The Composition Theorem for Differential Privacy, ICML 2015, theorem 3.3; Murtagh, Vadhan,
 * The Complexity of Computing the Optimal Composition of Differential Privacy, TCC 2016, theorem 1.5. It is never above Dwork,
 * Rothblum, Vadhan, Boosting and Differential Privacy, FOCS 2010, theorem III.3.
 */
public record KovAccountant() implements Accountant {
    private static final double[] SHARES = {0.05, 0.2, 0.5, 0.8, 0.95};

    /** More terms than this go by the loss distribution. */
    private static final long MOST_TERMS = 1 << 21;

    @Override
    public String name() {
        return "KOV";
    }

    @Override
    public PrivacyInterval epsilon(PrivacyLoss loss, double delta) {
        Checks.delta(delta);
        if (!(loss instanceof Composed composed)) {
            return new BasicAccountant().epsilon(loss, delta);
        }
        PrivacyInterval basic = new BasicAccountant().epsilon(loss, delta);
        double upper = basic.upper();
        double lower = basic.lower();
        double shared = shared(composed);
        if (shared == 0) {
            PrivacyInterval known = known(composed, 0, delta, Double.NaN);
            upper = Math.min(upper, known.upper());
            if (worstIsAdmitted(composed)) {
                lower = Math.max(lower, known.lower());
            }
        } else {
            for (double share : SHARES) {
                double each = Math.nextDown(share * delta / shared * (1 - 1e-15));
                if (each > 0) {
                    upper = Math.min(
                            upper, known(composed, each, delta, Double.NaN).upper());
                }
            }
        }
        return new PrivacyInterval(Math.min(lower, upper), upper);
    }

    @Override
    public PrivacyInterval delta(PrivacyLoss loss, double epsilon) {
        Checks.epsilon(epsilon);
        PrivacyInterval basic = new BasicAccountant().delta(loss, epsilon);
        if (!(loss instanceof Composed composed)) {
            return basic;
        }
        double upper = basic.upper();
        double lower = basic.lower();
        if (shared(composed) == 0) {
            PrivacyInterval known = known(composed, 0, Double.NaN, epsilon);
            upper = Math.min(upper, known.upper());
            if (worstIsAdmitted(composed)) {
                lower = Math.max(lower, known.lower());
            }
        }
        return new PrivacyInterval(Math.min(lower, upper), upper);
    }

    /** How many releases have no (ε, δ) of their own. */
    private static double shared(Composed loss) {
        return loss.parts().stream()
                .filter(part -> Profile.own(part.loss()) == null)
                .mapToDouble(Part::times)
                .sum();
    }

    private static boolean worstIsAdmitted(Composed loss) {
        return loss.parts().stream()
                .allMatch(part -> part.loss() instanceof Pure || part.loss() instanceof Approximate);
    }

    /** Composes (ε, δ) pairs: ε at δ if δ is a number, else δ at ε. */
    private static PrivacyInterval known(Composed loss, double share, double delta, double epsilon) {
        List<Part> pure = new ArrayList<>();
        TreeSet<Double> distinct = new TreeSet<>();
        double log = 0;
        long count = 0;
        for (Part part : loss.parts()) {
            Approximate own = Profile.own(part.loss());
            if (own == null) {
                Profile profile = Profile.of(part.loss());
                double each = Search.epsilonUpper(profile::upper, share);
                if (each == Double.POSITIVE_INFINITY) {
                    return new PrivacyInterval(0, Double.POSITIVE_INFINITY);
                }
                own = new Approximate(each, share, loss.neighbouring());
            }
            log += part.times() * Math.log1p(-own.delta());
            if (own.epsilon() > 0) {
                pure.add(new Part(new Pure(own.epsilon(), loss.neighbouring()), part.times()));
                distinct.add(own.epsilon());
                count = Math.addExact(count, part.times());
            }
        }
        // (1 − δ₀)(1 − δ') = 1 − δ, with δ₀ rounded either way.
        double broken = -Math.expm1(log);
        double most = Math.min(1, broken * (1 + 1e-14));
        double least = broken * (1 - 1e-14);
        if (Double.isNaN(delta)) {
            PrivacyInterval finite = pure.isEmpty()
                    ? new PrivacyInterval(0, 0)
                    : distinct.size() == 1 && count <= MOST_TERMS
                            ? new Binomial(distinct.first(), (int) count).delta(epsilon)
                            : PldAccountant.of().delta(new Composed(loss.neighbouring(), pure), epsilon);
            double low = least + (1 - most) * finite.lower() * (1 - 1e-15);
            double high = Math.min(1, most + (1 - least) * finite.upper() * (1 + 1e-15));
            return new PrivacyInterval(Math.min(low, high), high);
        }
        double leftLow = (delta - most) / (1 - most) * (1 - 1e-15);
        double leftHigh = (delta - least) / (1 - least) * (1 + 1e-15);
        double high =
                leftLow >= 0 ? finite(pure, distinct, count, leftLow, loss).upper() : Double.POSITIVE_INFINITY;
        double low = leftHigh < 0
                ? Double.POSITIVE_INFINITY
                : finite(pure, distinct, count, leftHigh, loss).lower();
        return new PrivacyInterval(Math.min(low, high), high);
    }

    private static PrivacyInterval finite(
            List<Part> pure, TreeSet<Double> distinct, long count, double delta, Composed loss) {
        if (pure.isEmpty() || delta >= 1) {
            return new PrivacyInterval(0, 0);
        }
        return distinct.size() == 1 && count <= MOST_TERMS
                ? new Binomial(distinct.first(), (int) count).epsilon(delta)
                : PldAccountant.of().epsilon(new Composed(loss.neighbouring(), pure), delta);
    }

    /** Randomized response of one ε, k times: the loss is (2i − k) ε where i answers of k, binomial, are the true ones. */
    private static final class Binomial {
        private final double epsilon;
        private final int count;

        /** Probabilities of i true answers, up to one factor. */
        private final double[] weight;

        private final double total;

        /** Products of so many ratios, and sums of so many terms. */
        private final double slack;

        Binomial(double epsilon, int count) {
            this.epsilon = epsilon;
            this.count = count;
            weight = new double[count + 1];
            double down = Math.exp(-epsilon);
            double up = Math.exp(epsilon);
            int mode = (int) Math.min(count, Math.floor((count + 1.0) / (1 + down)));
            weight[mode] = 1;
            for (int i = mode; i > 0; i--) {
                weight[i - 1] = weight[i] * i / (count - i + 1.0) * down;
            }
            for (int i = mode; i < count; i++) {
                weight[i + 1] = weight[i] * (count - i) / (i + 1.0) * up;
            }
            double sum = 0;
            for (double one : weight) {
                sum += one;
            }
            total = sum;
            slack = 8e-16 * (count + 4) + 1e-14;
        }

        PrivacyInterval epsilon(double delta) {
            double high = find(delta * (1 - slack) * total - 1e-300, true);
            double low = find(delta * (1 + slack) * total + 1e-300, false);
            return new PrivacyInterval(Math.min(low, high), high);
        }

        /** Scans from the largest loss down; between two losses δ(ε) = p − e^ε q. */
        private double find(double target, boolean above) {
            double p = 0;
            double gain = 0;
            double gap = 2 * epsilon;
            for (int i = count; i >= 0; i--) {
                // p and gain as in a loss distribution: sums over larger losses, gain with the factor 1 − e^(loss −
                // larger).
                double loss = (2.0 * i - count) * epsilon;
                if (gain > target || loss < 0 && i < count) {
                    double more = gain > target ? Math.log((p - target) / (p - gain)) : gap;
                    double found = loss + Math.max(0, Math.min(gap, more));
                    if (gain <= target) {
                        return 0;
                    }
                    return Math.max(0, above ? found + slack * (1 + found) : found - slack * (1 + found));
                }
                if (i > 0) {
                    double sum = p + weight[i];
                    gain = Math.exp(-gap) * gain - Math.expm1(-gap) * sum;
                    p = sum;
                }
            }
            return 0;
        }

        PrivacyInterval delta(double at) {
            double sum = 0;
            double p = 0;
            for (int i = count; i >= 0 && (2.0 * i - count) * epsilon > at; i--) {
                sum += weight[i] * -Math.expm1(at - (2.0 * i - count) * epsilon);
                p += weight[i];
            }
            double value = sum / total;
            // A gain is taken of a difference of two rounded numbers.
            double extra = slack * value + 4e-16 * (count * epsilon + at) * p / total + 1e-300;
            return new PrivacyInterval(Math.max(0, value - extra), Math.min(1, value + extra));
        }
    }
}
