// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Bounds of a probability p from independent trials that hold at every number of trials at once: they may be looked at after
 * each trial, and trials may stop when the bound pleases. (Clopper-Pearson bounds may not: with enough looks they fail almost
 * surely.)
 *
 * <p>For a hypothesis p ≤ p₀ the likelihood ratio of any q above p₀ is a supermartingale whose mean starts at 1, and so is its
 * mean over q uniform in (p₀, 1):
 *
 * <pre>E = ∫ (q/p₀)^k ((1−q)/(1−p₀))^(n−k) dq / (1−p₀) = P(Bin(n+1, p₀) ≤ k) / ((1−p₀) (n+1) P(Bin(n, p₀) = k))</pre>
 *
 * <p>By Ville's inequality E reaches 1/α at any time with probability at most α if the hypothesis is true. E falls in p₀, so
 * the p₀ at which it is 1/α is a lower bound at confidence 1 − α, valid at all times.
 *
 * <p>Results are rounded to the safe side: ln E by 1e-6 down, bounds outward.
 *
 * <p>Source: Ville, Étude critique de la notion de collectif, 1939; Robbins, Statistical methods related to the law of the
 * iterated logarithm, Annals of Mathematical Statistics 41, 1970, section 5; Howard, Ramdas, McAuliffe, Sekhon, Time-uniform,
 * nonparametric, nonasymptotic confidence sequences, Annals of Statistics 49, 2021.
 */
public final class ConfidenceSequence {
    /** More than the error of the two logarithms, which is below 1e-8 for n ≤ 10⁹. */
    private static final double SLACK = 1e-6;

    private ConfidenceSequence() {}

    /**
     * ln E against p ≤ p₀: the hypothesis may be rejected at level α as soon as this reaches ln(1/α).
     *
     * @param hits successes, in [0, trials]
     * @param trials trials so far, in [0, 10⁹ − 1]; 0 gives 0
     * @param bound p₀, in (0, 1)
     * @return logarithm of the evidence, rounded down; −∞ where there is none
     */
    public static double logEvidenceAbove(long hits, long trials, double bound) {
        if (trials < 0 || trials > 999_999_999 || hits < 0 || hits > trials) {
            throw new IllegalArgumentException(
                    "hits must be in [0, trials] and trials in [0, 999999999], were " + hits + " and " + trials);
        }
        if (!(bound > 0 && bound < 1)) {
            throw new IllegalArgumentException("bound must be in (0, 1), was " + bound);
        }
        if (trials == 0) {
            return 0;
        }
        double tail = BinomialTail.logLower(hits, trials + 1, bound);
        if (tail == Double.NEGATIVE_INFINITY) {
            return tail;
        }
        double point = BinomialDistribution.of((int) trials, bound).logProbability((int) hits);
        return tail - Math.log1p(-bound) - Math.log(trials + 1.0) - point - SLACK;
    }

    /**
     * ln E against p ≥ p₀.
     *
     * @param hits successes, in [0, trials]
     * @param trials trials so far, in [0, 10⁹ − 1]; 0 gives 0
     * @param bound p₀, in (0, 1)
     * @return logarithm of the evidence, rounded down
     */
    public static double logEvidenceBelow(long hits, long trials, double bound) {
        return logEvidenceAbove(trials - hits, trials, 1 - bound);
    }

    /**
     * The lower bound: p lies above it at all times at once with probability at least 1 − α.
     *
     * @param hits successes, in [0, trials]
     * @param trials trials so far, in [0, 10⁹ − 1]
     * @param alpha in (0, 1)
     * @return in [0, 1), rounded down
     */
    public static double lower(long hits, long trials, double alpha) {
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must be in (0, 1), was " + alpha);
        }
        double wanted = -Math.log(alpha);
        double below = 0;
        double above = 1;
        for (int i = 0; i < 60 && above - below > 1e-15; i++) {
            double middle = (below + above) / 2;
            if (middle > 0 && middle < 1 && logEvidenceAbove(hits, trials, middle) >= wanted) {
                below = middle;
            } else {
                above = middle;
            }
        }
        return below;
    }

    /**
     * The upper bound: p lies below it at all times at once with probability at least 1 − α.
     *
     * @param hits successes, in [0, trials]
     * @param trials trials so far, in [0, 10⁹ − 1]
     * @param alpha in (0, 1)
     * @return in (0, 1], rounded up
     */
    public static double upper(long hits, long trials, double alpha) {
        return Math.min(1, Math.nextUp(1 - lower(trials - hits, trials, alpha)));
    }
}
