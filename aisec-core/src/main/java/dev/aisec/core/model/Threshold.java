// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Arrays;

/**
 * A detection threshold by split-conformal calibration: a score is flagged if it is greater than {@code value}.
 *
 * <p>Guarantee: for a new clean example exchangeable with the calibration scores, the probability to be flagged is at
 * most {@code falsePositiveRate}, on average over calibration sets (Vovk, Gammerman, Shafer, Algorithmic Learning in a
 * Random World, 2005). It says nothing about attacked examples, nor about one given calibration set.
 *
 * @param value scores above are flagged; +∞ if there were too few calibration scores to flag anything
 * @param falsePositiveRate the rate asked for, in (0, 1)
 * @param calibrationSize number of clean scores it was calibrated on
 */
public record Threshold(double value, double falsePositiveRate, int calibrationSize) {
    /** Checks the components. */
    public Threshold {
        if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
            throw new IllegalArgumentException("falsePositiveRate must be in (0, 1), was " + falsePositiveRate);
        }
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException("value must not be NaN");
        }
    }

    /**
     * The ⌈(n + 1)(1 − rate)⌉-th smallest clean score.
     *
     * @param cleanScores scores of clean examples that the detector was not fitted on; finite, not empty
     * @param falsePositiveRate share of clean examples that may be flagged, in (0, 1)
     * @return the threshold
     */
    public static Threshold splitConformal(double[] cleanScores, double falsePositiveRate) {
        if (cleanScores.length == 0) {
            throw new IllegalArgumentException("cleanScores must not be empty");
        }
        for (double s : cleanScores) {
            if (!Double.isFinite(s)) {
                throw new IllegalArgumentException("cleanScores must be finite, was " + s);
            }
        }
        int n = cleanScores.length;
        double[] sorted = cleanScores.clone();
        Arrays.sort(sorted);
        // 1e-9 keeps (n + 1)(1 − rate) from being rounded up by an error of the product alone.
        int rank = (int) Math.ceil((n + 1.0) * (1 - falsePositiveRate) - 1e-9);
        return new Threshold(rank > n ? Double.POSITIVE_INFINITY : sorted[Math.max(rank, 1) - 1], falsePositiveRate, n);
    }

    /**
     * Tells whether a score is flagged.
     *
     * @param score a score of the same detector
     * @return whether it is above the threshold; true for NaN, which no clean example has
     */
    public boolean flags(double score) {
        return !(score <= value);
    }
}
