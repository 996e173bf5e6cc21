// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * The exact confidence bounds of a binomial proportion, rounded outward.
 *
 * <p>Guarantee: the lower bound holds with probability at least 1 − α whatever the true proportion, and so does the upper
 * one; a two-sided interval gives α/2 to each side. The computed bound lies on the safe side of the exact one, by less
 * than 1e-10 relative: the quantile of the beta distribution is moved outward until the tail probability, taken 5e-11 too
 * large, is at most α.
 *
 * <p>Assumption: n independent trials, n fixed beforehand. To look at the data and stop early is not allowed.
 *
 * <p>Lower bound: the p with P(X ≥ k; n, p) = α, which is the α-quantile of Beta(k, n − k + 1).
 *
 * <p>Source: Clopper, Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
 * Biometrika 26, 1934.
 */
public final class ClopperPearson {
    /** Allowed relative error of the tail probability; {@link BetaDistribution} was seen wrong by 4e-12. */
    private static final double TAIL_ERROR = 5e-11;

    private ClopperPearson() {}

    /**
     * One-sided lower bound of confidence 1 − α.
     *
     * @param k successes, in [0, n]
     * @param n trials, in [1, 10⁹]
     * @param alpha error probability, in (0, 1)
     * @return the bound, in [0, 1)
     */
    public static double lower(long k, long n, double alpha) {
        check(k, n, alpha);
        if (k == 0) {
            return 0;
        }
        if (k == n) {
            // p^n = α; two ulps down cover the errors of log, division and exp.
            return down(Math.exp(Math.log(alpha) / n), 4);
        }
        BetaDistribution beta = BetaDistribution.of(k, n - k + 1.0);
        double p = beta.inverseCumulativeProbability(alpha);
        for (double step = 1e-14; beta.cumulativeProbability(p) * (1 + TAIL_ERROR) > alpha; step *= 2) {
            p -= p * step;
        }
        return down(p, 1);
    }

    /**
     * One-sided upper bound of confidence 1 − α.
     *
     * @param k successes, in [0, n]
     * @param n trials, in [1, 10⁹]
     * @param alpha error probability, in (0, 1)
     * @return the bound, in (0, 1]
     */
    public static double upper(long k, long n, double alpha) {
        check(k, n, alpha);
        if (k == n) {
            return 1;
        }
        if (k == 0) {
            // (1 − p)^n = α
            return up(-Math.expm1(Math.log(alpha) / n), 4);
        }
        BetaDistribution beta = BetaDistribution.of(k + 1.0, n - k);
        double p = beta.inverseSurvivalProbability(alpha);
        for (double step = 1e-14; beta.survivalProbability(p) * (1 + TAIL_ERROR) > alpha; step *= 2) {
            p = Math.min(1, p + p * step);
        }
        return up(p, 1);
    }

    /**
     * Two-sided interval, half of the error on each side.
     *
     * @param k successes, in [0, n]
     * @param n trials, in [1, 10⁹]
     * @param confidence coverage, in (0, 1)
     * @return the interval
     */
    public static Interval interval(long k, long n, double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + confidence);
        }
        double half = (1 - confidence) / 2;
        return new Interval(lower(k, n, half), upper(k, n, half), confidence);
    }

    /**
     * The share k/n as an estimate.
     *
     * @param k successes, in [0, n]
     * @param n trials, in [0, 10⁹]
     * @param confidence coverage, in (0, 1)
     * @return the share with its two-sided interval, or an abstention if there were no trials
     */
    public static Estimate share(long k, long n, double confidence) {
        if (n == 0) {
            return new Estimate.Abstained("no trials", 0);
        }
        return new Estimate.Measured((double) k / n, interval(k, n, confidence), n);
    }

    private static double down(double p, int ulps) {
        return Math.max(0, p - ulps * Math.ulp(p));
    }

    private static double up(double p, int ulps) {
        return Math.min(1, p + ulps * Math.ulp(p));
    }

    private static void check(long k, long n, double alpha) {
        if (n < 1 || n > 1_000_000_000) {
            throw new IllegalArgumentException("n must be in [1, 1000000000], was " + n);
        }
        if (k < 0 || k > n) {
            throw new IllegalArgumentException("k must be in [0, " + n + "], was " + k);
        }
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must be in (0, 1), was " + alpha);
        }
    }
}
