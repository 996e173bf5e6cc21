// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * A confidence sequence for the probability p of a coin: bounds that hold at all sample sizes at once, so that one may look
 * after every toss and stop when one likes.
 *
 * <p>For k successes in n tosses, M_n(p) = ∫ q^k (1−q)^(n−k) dΠ(q) / (p^k (1−p)^(n−k)) is a nonnegative martingale with mean
 * 1 if p is the true probability (method of mixtures: Robbins, Statistical Methods Related to the Law of the Iterated
 * Logarithm, Annals of Mathematical Statistics 41, 1970). By Ville's inequality it ever reaches 1/α with probability at most
 * α. The p with M_n(p) &lt; 1/α are an interval, since ln M_n is convex in ln p and smallest at k/n. Its two ends hold
 * together with probability 1 − α: nothing is split between the sides.
 *
 * <p>Π is an even mixture of Beta(1, 0.1), which spreads mass over the orders of magnitude of 1 − p, where the probabilities
 * of certificates are, and of a Beta distribution of 500 pseudo-counts around the probability asked about, which saves
 * samples where the answer is close. Any choice made beforehand is valid. For a Beta distribution, by Bayes' rule, M_n(p) is
 * its density at p before the tosses over that after them.
 */
final class BetaMixture {
    private static final double FOCUS = 500;
    private static final BetaDistribution BROAD = BetaDistribution.of(1, 0.1);
    private final BetaDistribution focused;

    /** A mixture that is sharpest around {@code p0}, in (0, 1). */
    BetaMixture(double p0) {
        focused = BetaDistribution.of(FOCUS * p0, FOCUS * (1 - p0));
    }

    /** ln M_n(p), rounded down; at p = 0 or 1 an infinity. */
    double log(long k, long n, double p) {
        if (p <= 0 || p >= 1) {
            boolean possible = p <= 0 ? k == 0 : k == n;
            return possible ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        double first = log(BROAD, k, n, p);
        double second = log(focused, k, n, p);
        double both = Math.max(first, second) + Math.log1p(Math.exp(-Math.abs(first - second))) - Math.log(2);
        // The parts that cancel inside the densities, with errors of some ulps each (see the reference test).
        double size = -k * Math.log(p) - (n - k) * Math.log1p(-p);
        return both - 4e-15 * (size + n + FOCUS) - 1e-13;
    }

    private static double log(BetaDistribution prior, long k, long n, double p) {
        return prior.logDensity(p)
                - BetaDistribution.of(prior.getAlpha() + k, prior.getBeta() + (n - k))
                        .logDensity(p);
    }

    /** ln 1/α, rounded up: what ln M_n(p) must reach for p to be ruled out. */
    static double threshold(double alpha) {
        return -Math.log(alpha) * (1 + 1e-15);
    }

    /** The largest p found below k/n with M_n(p) ≥ 1/α: not above the exact lower end. */
    double lower(long k, long n, double alpha) {
        if (k == 0) {
            return 0;
        }
        double threshold = threshold(alpha);
        double outside = 0;
        double inside = (double) k / n;
        for (int i = 0; i < 200; i++) {
            double middle = (outside + inside) / 2;
            if (middle <= outside || middle >= inside) {
                break;
            }
            if (log(k, n, middle) >= threshold) {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        return outside;
    }

    /** The smallest p found above k/n with M_n(p) ≥ 1/α: not below the exact upper end. */
    double upper(long k, long n, double alpha) {
        if (k == n) {
            return 1;
        }
        double threshold = threshold(alpha);
        double inside = (double) k / n;
        double outside = 1;
        for (int i = 0; i < 200; i++) {
            double middle = (outside + inside) / 2;
            if (middle <= inside || middle >= outside) {
                break;
            }
            if (log(k, n, middle) >= threshold) {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        return outside;
    }
}
