// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Logarithms of the tails of the binomial distribution, right far out where the tails themselves underflow.
 *
 * <p>The tail on the far side of the mean is summed from its largest term; the other one is its complement. Relative
 * error of the tail below 1e-9 for n ≤ 10⁹, far below in practice (see the reference test).
 */
public final class BinomialTail {
    private BinomialTail() {}

    /**
     * ln P(X ≥ k) for X ~ Binomial(n, p).
     *
     * @param k in [0, n]; 0 gives 0
     * @param n number of trials, in [1, 10⁹]
     * @param p probability of success, in [0, 1]
     * @return at most 0; −∞ if impossible
     */
    public static double logUpper(long k, long n, double p) {
        check(k, n, p);
        if (k == 0) {
            return 0;
        }
        if (p == 0 || p == 1) {
            return p == 1 ? 0 : Double.NEGATIVE_INFINITY;
        }
        if (k > n * p) {
            return sum(k, n, p);
        }
        // P(X ≤ k − 1) is the far tail: by symmetry P(Y ≥ n − k + 1) with 1 − p.
        return Math.log1p(-Math.exp(sum(n - k + 1, n, 1 - p)));
    }

    /**
     * ln P(X ≤ k) for X ~ Binomial(n, p).
     *
     * @param k in [0, n]; n gives 0
     * @param n number of trials, in [1, 10⁹]
     * @param p probability of success, in [0, 1]
     * @return at most 0; −∞ if impossible
     */
    public static double logLower(long k, long n, double p) {
        check(k, n, p);
        return logUpper(n - k, n, 1 - p);
    }

    /**
     * Two-sided p-value of the hypothesis p = 1/2: min(1, 2 P(X ≥ max(k, n − k))). Exact, since the distribution is
     * symmetric.
     *
     * @param k successes, in [0, n]
     * @param n number of trials, in [1, 10⁹]
     * @return p-value in (0, 1]
     */
    public static double twoSidedHalf(long k, long n) {
        check(k, n, 0.5);
        return Math.min(1, 2 * Math.exp(logUpper(Math.max(k, n - k), n, 0.5)));
    }

    /** ln P(X ≥ k) for k above the mean: terms fall at least geometrically, each by (n − j) p / ((j + 1) q). */
    private static double sum(long k, long n, double p) {
        double odds = p / (1 - p);
        double first = BinomialDistribution.of((int) n, p).logProbability((int) k);
        double term = 1;
        double sum = 1;
        for (long j = k; j < n && term > sum * 1e-17; j++) {
            term *= (n - j) / (double) (j + 1) * odds;
            sum += term;
        }
        return Math.min(0, first + Math.log(sum));
    }

    private static void check(long k, long n, double p) {
        if (n < 1 || n > 1_000_000_000) {
            throw new IllegalArgumentException("n must be in [1, 1000000000], was " + n);
        }
        if (k < 0 || k > n) {
            throw new IllegalArgumentException("k must be in [0, " + n + "], was " + k);
        }
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("p must be in [0, 1], was " + p);
        }
    }
}
