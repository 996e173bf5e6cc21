// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Proportion;
import java.util.Arrays;

/**
 * Consistency: 1 − the mean of |decision − share selected among the k nearest others|. 1 if similar people are treated
 * alike. A row is never its own neighbour; features are divided by their standard deviation, constant ones dropped; ties in
 * distance go to the earlier row.
 *
 * <p>Interval: normal, with the rows' terms as independent. They share neighbours, so it is an approximation. Cost: n² d.
 *
 * <p>Source: Zemel, Wu, Swersky, Pitassi, Dwork, Learning Fair Representations, ICML 2013, section 4.2.
 *
 * @param neighbours k, at least 1; 5 by default
 * @param settings how uncertainty is stated
 */
public record Consistency(int neighbours, AuditSettings settings) {
    /** Checks k. */
    public Consistency {
        Checks.atLeast("neighbours", 1, neighbours);
    }

    /**
     * With 5 neighbours.
     *
     * @return the metric
     */
    public static Consistency of() {
        return new Consistency(5, AuditSettings.DEFAULT);
    }

    /**
     * Measures.
     *
     * @param features a row for each person, all of one length, finite
     * @param decisions whether the decision is the favourable one; as many
     * @return consistency in [0, 1]; abstains with k rows or fewer
     */
    public Estimate of(double[][] features, boolean[] decisions) {
        int n = features.length;
        if (decisions.length != n) {
            throw new IllegalArgumentException(
                    "decisions must be as many as rows, " + n + ", were " + decisions.length);
        }
        if (n <= neighbours || n < settings.minimum()) {
            return new Estimate.Abstained("rows must be more than neighbours, " + neighbours + ", were " + n, n);
        }
        double[][] scaled = scaled(features);
        double sum = 0;
        double squares = 0;
        double[] nearest = new double[neighbours];
        int[] who = new int[neighbours];
        for (int i = 0; i < n; i++) {
            Arrays.fill(nearest, Double.POSITIVE_INFINITY);
            for (int j = 0; j < n; j++) {
                double distance = j == i ? Double.POSITIVE_INFINITY : distance(scaled[i], scaled[j]);
                if (distance < nearest[neighbours - 1]) {
                    int at = neighbours - 1;
                    for (; at > 0 && distance < nearest[at - 1]; at--) {
                        nearest[at] = nearest[at - 1];
                        who[at] = who[at - 1];
                    }
                    nearest[at] = distance;
                    who[at] = j;
                }
            }
            double selected = 0;
            for (int j : who) {
                selected += decisions[j] ? 1 : 0;
            }
            double term = 1 - Math.abs((decisions[i] ? 1 : 0) - selected / neighbours);
            sum += term;
            squares += term * term;
        }
        double mean = sum / n;
        double variance = Math.max(0, squares / n - mean * mean) * n / (n - 1);
        double half = Proportion.quantile(settings.confidence()) * Math.sqrt(variance / n);
        // Terms all alike have no variance but for rounding; the exact binomial end is then the least that can be said.
        Interval least =
                Proportion.share(n * mean, n, n, n, settings.confidence()).interval();
        Interval interval = variance > 1e-12
                ? new Interval(Math.max(0, mean - half), Math.min(1, mean + half), settings.confidence())
                : least;
        return new Estimate.Measured(mean, Proportion.around(mean, interval), n);
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int f = 0; f < a.length; f++) {
            double d = a[f] - b[f];
            sum += d * d;
        }
        return sum;
    }

    private static double[][] scaled(double[][] features) {
        int n = features.length;
        int width = features[0].length;
        double[][] scaled = new double[n][width];
        for (int f = 0; f < width; f++) {
            double most = 0;
            for (int i = 0; i < n; i++) {
                if (features[i].length != width || !Double.isFinite(features[i][f])) {
                    throw new IllegalArgumentException(
                            "features must be finite and rows of one length, " + width + ", row " + i + " was not");
                }
                most = Math.max(most, Math.abs(features[i][f]));
            }
            // Divided by the largest, squares cannot overflow.
            double mean = 0;
            for (int i = 0; i < n; i++) {
                scaled[i][f] = most > 0 ? features[i][f] / most : 0;
                mean += scaled[i][f] / n;
            }
            double square = 0;
            for (double[] row : scaled) {
                square += (row[f] - mean) * (row[f] - mean) / n;
            }
            double deviation = Math.sqrt(square);
            for (int i = 0; i < n; i++) {
                scaled[i][f] = deviation > 0 ? (scaled[i][f] - mean) / deviation : 0;
            }
        }
        return scaled;
    }
}
