// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import org.apache.commons.statistics.distribution.TDistribution;

/** Means of numbers without bounds, with Student's interval. It abstains where all are alike, as they then show no spread. */
final class StudentMean {
    private StudentMean() {}

    /**
     * The estimate.
     *
     * @param moment sum of the squared distances from the mean
     * @param n number of values, at least 2
     */
    static Estimate of(double mean, double moment, long n, double confidence) {
        double error = Math.max(0, moment) / (n - 1) / n;
        if (!(error > 1e-30 * mean * mean)) {
            return alike(n);
        }
        double half = TDistribution.of(n - 1.0).inverseSurvivalProbability((1 - confidence) / 2) * Math.sqrt(error);
        return new Estimate.Measured(mean, new Interval(mean - half, mean + half, confidence), n);
    }

    static Estimate.Abstained alike(long n) {
        return new Estimate.Abstained("values are all alike, so that their spread is unknown", n);
    }

    /** Difference of two means with their squared standard errors and sizes, with Welch's interval. */
    static Estimate.Measured welch(double[] mean, double[] error, double[] n, long rows, double confidence) {
        double difference = mean[0] - mean[1];
        double squared = error[0] + error[1];
        double half = 0;
        if (squared > 0) {
            double degrees = squared * squared / (error[0] * error[0] / (n[0] - 1) + error[1] * error[1] / (n[1] - 1));
            degrees = degrees >= 1 ? degrees : 1;
            half = TDistribution.of(degrees).inverseSurvivalProbability((1 - confidence) / 2) * Math.sqrt(squared);
        }
        return new Estimate.Measured(difference, new Interval(difference - half, difference + half, confidence), rows);
    }
}
