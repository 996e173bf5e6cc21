// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import org.apache.commons.statistics.distribution.TDistribution;

/** The mean of independent runs with its Student interval, or the reason why there is none. */
final class RunStatistics {
    private RunStatistics() {}

    /** NaN among the values stands for a run in which the measure is undefined. */
    static Estimate mean(double[] values, double confidence) {
        int n = values.length;
        int undefined = 0;
        double sum = 0;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            if (Double.isNaN(value)) {
                undefined++;
            }
            sum += value;
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        if (undefined > 0) {
            return new Estimate.Abstained("undefined in " + undefined + " of " + n + " runs", n);
        }
        if (n < 2) {
            return new Estimate.Abstained("an interval needs at least 2 runs", n);
        }
        // Rounding must not leave the mean of equal values outside them.
        double mean = Math.min(high, Math.max(low, sum / n));
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double quantile = TDistribution.of(n - 1.0).inverseSurvivalProbability((1 - confidence) / 2);
        double half = quantile * Math.sqrt(squares / (n - 1.0) / n);
        return new Estimate.Measured(mean, new Interval(mean - half, mean + half, confidence), n);
    }
}
