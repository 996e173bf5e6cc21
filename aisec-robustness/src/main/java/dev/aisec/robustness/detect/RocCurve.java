// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.math.ClopperPearson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * The receiver operating characteristic of scores, ties included, and the area under it.
 *
 * <p>The area is P(attacked &gt; clean) + P(attacked = clean)/2, the Mann-Whitney statistic. Its interval is that of
 * DeLong, on the logit scale so that it stays inside (0, 1). It is too narrow for few scores and for areas near 0 or 1: with
 * fewer than 30 scores on a side, or fewer than 5 of min(m, n) pairs in the rarer order, the interval is that of min(m, n)
 * disjoint pairs (Clopper-Pearson), which is wider. Both assume that clean and attacked scores are independent; scores of
 * the same images attacked and not are positively related, which makes the interval conservative.
 *
 * <p>Source: DeLong, DeLong, Clarke-Pearson, Biometrics 44, 1988; structural components by midranks: Sun, Xu, IEEE Signal
 * Processing Letters 21, 2014.
 */
public final class RocCurve {
    /**
     * A point: what a threshold gives.
     *
     * @param falsePositiveRate share of clean scores above it
     * @param truePositives number of attacked scores above it
     */
    public record Point(double falsePositiveRate, long truePositives) {}

    private static final int FEWEST_SCORES = 30;
    private static final int FEWEST_ERRORS = 5;

    private final double[] clean;
    private final double[] attacked;

    private RocCurve(double[] clean, double[] attacked) {
        this.clean = clean;
        this.attacked = attacked;
    }

    /**
     * The curve of two samples of scores.
     *
     * @param clean scores of clean examples; finite, not empty; copied
     * @param attacked scores of attacked examples; finite, not empty; copied
     * @return the curve
     */
    public static RocCurve of(double[] clean, double[] attacked) {
        return new RocCurve(sorted("clean", clean), sorted("attacked", attacked));
    }

    private static double[] sorted(String name, double[] scores) {
        if (scores.length == 0) {
            throw new IllegalArgumentException(name + " must not be empty");
        }
        for (double score : scores) {
            if (!Double.isFinite(score)) {
                throw new IllegalArgumentException(name + " must be finite, was " + score);
            }
        }
        double[] copy = scores.clone();
        Arrays.sort(copy);
        return copy;
    }

    /**
     * The points, from (0, 0) to (1, 1), one for each distinct score.
     *
     * @return in ascending order of both rates
     */
    public List<Point> points() {
        List<Point> points = new ArrayList<>();
        int i = clean.length;
        int j = attacked.length;
        points.add(new Point(0, 0));
        while (i > 0 || j > 0) {
            double score = Math.max(
                    i > 0 ? clean[i - 1] : Double.NEGATIVE_INFINITY,
                    j > 0 ? attacked[j - 1] : Double.NEGATIVE_INFINITY);
            while (i > 0 && clean[i - 1] == score) {
                i--;
            }
            while (j > 0 && attacked[j - 1] == score) {
                j--;
            }
            points.add(new Point((double) (clean.length - i) / clean.length, attacked.length - j));
        }
        return points;
    }

    /**
     * Returns the number of clean scores.
     *
     * @return at least 1
     */
    public int cleanSize() {
        return clean.length;
    }

    /**
     * Returns the number of attacked scores.
     *
     * @return at least 1
     */
    public int attackedSize() {
        return attacked.length;
    }

    /**
     * The area under the curve.
     *
     * @param confidence coverage of the interval, in (0, 1)
     * @return the area with its interval
     */
    public Estimate area(double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + confidence);
        }
        // For each attacked score the share of clean scores below it, ties half; and the other way round.
        double[] above = shares(attacked, clean);
        double[] below = shares(clean, attacked);
        double area = Arrays.stream(above).average().orElseThrow();
        double variance = variance(above) / above.length + variance(below) / below.length;
        long pairs = Math.min(clean.length, attacked.length);
        boolean few = pairs < FEWEST_SCORES || pairs * Math.min(area, 1 - area) < FEWEST_ERRORS || !(variance > 0);
        Interval interval;
        if (few) {
            double half = (1 - confidence) / 2;
            interval = new Interval(
                    Math.min(area, ClopperPearson.lower((long) Math.floor(area * pairs), pairs, half)),
                    Math.max(area, ClopperPearson.upper((long) Math.ceil(area * pairs), pairs, half)),
                    confidence);
        } else {
            double z = NormalDistribution.of(0, 1).inverseSurvivalProbability((1 - confidence) / 2);
            double logit = Math.log(area / (1 - area));
            double half = z * Math.sqrt(variance) / (area * (1 - area));
            interval = new Interval(expit(logit - half), expit(logit + half), confidence);
        }
        return new Estimate.Measured(area, interval, (long) clean.length + attacked.length);
    }

    private static double expit(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** For each score the share of {@code others} below it, ties half; {@code others} above for a clean score. */
    private static double[] shares(double[] scores, double[] others) {
        double[] shares = new double[scores.length];
        for (int i = 0; i < scores.length; i++) {
            int below = lower(others, scores[i]);
            int upTo = lower(others, Math.nextUp(scores[i]));
            shares[i] = (below + (upTo - below) / 2.0) / others.length;
        }
        return shares;
    }

    /** How many values are below {@code bound}. */
    private static int lower(double[] sorted, double bound) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < bound) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static double variance(double[] values) {
        if (values.length < 2) {
            return 0;
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        double sum = 0;
        for (double v : values) {
            sum += (v - mean) * (v - mean);
        }
        return sum / (values.length - 1);
    }
}
