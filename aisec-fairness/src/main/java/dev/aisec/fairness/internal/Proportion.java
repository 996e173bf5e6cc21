// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.internal;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Interval of a proportion.
 *
 * <p>As part of a comparison ({@link #designed} with {@code alone} false): mid-P, the p at which P(X &gt; k) + P(X = k)/2 and its mirror image are α/2;
 * the exact ends at k = 0 and k = n. By itself: the hull of that and the score interval of Wilson, since
 * each has gaps in coverage that the other fills. Written with the incomplete beta function, so that weighted (not whole) k
 * and n do too. Where k and n − k are above 1,000 the score interval serves for both: it then differs by less than a
 * thousandth of the width.
 *
 * <p>Source: Lancaster, Significance tests in discrete distributions, JASA 56, 1961; Berry, Armitage, Mid-P confidence
 * intervals, The Statistician 44, 1995; Wilson, JASA 22, 1927.
 */
public final class Proportion {
    private static final double LARGE = 1000;

    private Proportion() {}

    /**
     * The two-sided normal quantile.
     *
     * @param confidence coverage, in (0, 1)
     * @return the quantile
     */
    public static double quantile(double confidence) {
        return NormalDistribution.of(0, 1).inverseSurvivalProbability((1 - confidence) / 2);
    }

    private static Interval interval(double k, double n, double confidence, boolean alone) {
        double z = quantile(confidence);
        double p = k / n;
        double centre = (k + z * z / 2) / (n + z * z);
        double half = z * Math.sqrt(Math.max(0, p * (1 - p)) * n + z * z / 4) / (n + z * z);
        double low = Math.max(0, Math.min(p, centre - half));
        double high = Math.min(1, Math.max(p, centre + half));
        if (k > LARGE && n - k > LARGE) {
            return new Interval(low, high, confidence);
        }
        double alpha = (1 - confidence) / 2;
        double lower = lower(k, n, alpha, low);
        double upper = 1 - lower(n - k, n, alpha, 1 - high);
        return alone
                ? new Interval(Math.min(low, lower), Math.max(high, upper), confidence)
                : new Interval(lower, upper, confidence);
    }

    /** The p in [0, k/n] with (I_p(k, n − k + 1) + I_p(k + 1, n − k)) / 2 = α, by Newton inside a bracket. */
    private static double lower(double k, double n, double alpha, double start) {
        // A weighted k may come out a rounding error above 0 or below n.
        if (k <= n * 1e-12) {
            return 0;
        }
        if (n - k <= n * 1e-12) {
            // P(X = n) = p^n.
            return Math.exp(Math.log(alpha) / n);
        }
        BetaDistribution more = BetaDistribution.of(k + 1, n - k);
        BetaDistribution same = BetaDistribution.of(k, n - k + 1);
        double left = 0;
        double right = k / n;
        double p = start > left && start < right ? start : right / 2;
        for (int i = 0; i < 60; i++) {
            double error = (more.cumulativeProbability(p) + same.cumulativeProbability(p)) / 2 - alpha;
            if (error > 0) {
                right = p;
            } else {
                left = p;
            }
            double next = p - error / ((more.density(p) + same.density(p)) / 2);
            if (!(next > left && next < right)) {
                next = (left + right) / 2;
            }
            if (Math.abs(next - p) <= 1e-12 * p) {
                return next;
            }
            p = next;
        }
        return p;
    }

    /**
     * A weighted share by itself.
     *
     * @param hit weight of the successes
     * @param all weight of the trials
     * @param square sum of the squared weights of the trials
     * @param rows number of the trials; above 0
     * @param confidence coverage, in (0, 1)
     * @return the share with its interval
     */
    public static Estimate.Measured share(double hit, double all, double square, long rows, double confidence) {
        return sized(hit, all, Math.min(rows, all / square * all), rows, confidence, true);
    }

    /**
     * A weighted share whose interval has the width of its design-based variance.
     *
     * @param hit weight of the successes
     * @param all weight of the trials
     * @param hitSquare sum of the squared weights of the successes
     * @param square the same of the trials
     * @param rows number of the trials; above 0
     * @param confidence coverage, in (0, 1)
     * @param alone whether by itself, or as part of a comparison
     * @return the share with its interval
     */
    public static Estimate.Measured designed(
            double hit, double all, double hitSquare, double square, long rows, double confidence, boolean alone) {
        return sized(hit, all, effective(hit, all, hitSquare, square, rows), rows, confidence, alone);
    }

    /**
     * Effective number of rows, p(1 − p) over the design-based variance of p, at most the rows. A share of 0 or 1 shows no
     * variance, and leaves Kish's number.
     *
     * @param hit weight of the successes
     * @param all weight of the trials
     * @param hitSquare sum of the squared weights of the successes
     * @param square the same of the trials
     * @param rows number of the trials; above 0
     * @return the number, above 0
     */
    public static double effective(double hit, double all, double hitSquare, double square, long rows) {
        double kish = Math.min(rows, all / square * all);
        double p = hit / all;
        double variance = variance(p, all, hitSquare, square);
        boolean unit = all == rows && square == rows;
        return unit || !(p > 1e-12 && p < 1 - 1e-12 && variance > 0) ? kish : Math.min(rows, p * (1 - p) / variance);
    }

    /**
     * Design-based variance of a share for independently drawn rows, at a given p.
     *
     * @param p the share, in [0, 1]
     * @param all weight of the trials
     * @param hitSquare sum of the squared weights of the successes
     * @param square the same of the trials
     * @return at least 0
     */
    public static double variance(double p, double all, double hitSquare, double square) {
        double missSquare = Math.max(0, square - hitSquare);
        return hitSquare / all / all * (1 - p) * (1 - p) + missSquare / all / all * p * p;
    }

    private static Estimate.Measured sized(
            double hit, double all, double effective, long rows, double confidence, boolean alone) {
        double p = Math.min(1, hit / all);
        return new Estimate.Measured(p, around(p, interval(p * effective, effective, confidence, alone)), rows);
    }

    /**
     * Rounding must not leave the value outside.
     *
     * @param value the value
     * @param interval the interval
     * @return an interval with the value in it
     */
    public static Interval around(double value, Interval interval) {
        return new Interval(
                Math.min(value, interval.lower()), Math.max(value, interval.upper()), interval.confidence());
    }
}
