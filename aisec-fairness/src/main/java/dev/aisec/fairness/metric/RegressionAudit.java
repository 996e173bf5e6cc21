// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * Fairness of predicted numbers: mean error (prediction − truth), mean absolute and mean squared error of each group, and
 * their signed differences from a reference group. Student's and Welch's intervals.
 *
 * <p>Assumption: independent rows; errors with a variance. For heavy tails and few rows the intervals are too narrow.
 *
 * <p>Source: Agarwal, Dudík, Wu, Fair Regression: Quantitative Definitions and Reduction-Based Algorithms, ICML 2019
 * (bounded group loss); Welch, Biometrika 34, 1947.
 *
 * @param settings how uncertainty is stated; a group needs at least 2 rows that are not all alike
 */
public record RegressionAudit(AuditSettings settings) {
    private static final List<String> NAMES = List.of("mean_error", "mean_absolute_error", "mean_squared_error");

    /**
     * With the default settings.
     *
     * @return the audit
     */
    public static RegressionAudit of() {
        return new RegressionAudit(AuditSettings.DEFAULT);
    }

    /**
     * Audits.
     *
     * @param space the groups
     * @param groups the group of each row
     * @param truth recorded values; as many
     * @param predictions as many; each at most 1e70 off the truth
     * @param reference number of the reference group
     * @return lines such as {@code mean_absolute_error} and {@code mean_absolute_error_signed_difference}
     */
    public List<FairnessReport.Row> audit(
            GroupSpace space, int[] groups, double[] truth, double[] predictions, int reference) {
        if (truth.length != groups.length || predictions.length != groups.length) {
            throw new IllegalArgumentException("truth and predictions must be as many as groups, " + groups.length);
        }
        Checks.groups(groups, space.size());
        String standard = space.name(reference);
        int size = space.size();
        long[] n = new long[size];
        double[][] mean = new double[NAMES.size()][size];
        double[][] moment = new double[NAMES.size()][size];
        for (int i = 0; i < groups.length; i++) {
            double error = predictions[i] - truth[i];
            // Up to here the fourth powers, of which the variance of the squares consists, stay finite.
            if (!(Math.abs(error) <= 1e70)) {
                throw new IllegalArgumentException("prediction minus truth must be in [-1e70, 1e70], row " + i + " was "
                        + predictions[i] + " minus " + truth[i]);
            }
            n[groups[i]]++;
            for (int m = 0; m < NAMES.size(); m++) {
                double value = m == 0 ? error : m == 1 ? Math.abs(error) : error * error;
                // Welford's update: no cancellation.
                double before = value - mean[m][groups[i]];
                mean[m][groups[i]] += before / n[groups[i]];
                moment[m][groups[i]] += before * (value - mean[m][groups[i]]);
            }
        }
        long least = Math.max(2, settings.minimum());
        List<FairnessReport.Row> rows = new ArrayList<>();
        for (int m = 0; m < NAMES.size(); m++) {
            for (int g = 0; g < size; g++) {
                rows.add(new FairnessReport.Row(
                        NAMES.get(m), space.name(g), one(mean[m][g], moment[m][g], n[g], least)));
            }
            for (int g = 0; g < size; g++) {
                if (g != reference) {
                    Estimate estimate = n[g] < least || n[reference] < least
                            ? few(least, n[g] < least ? space.name(g) : standard, Math.min(n[g], n[reference]))
                            : moment[m][g] == 0 && moment[m][reference] == 0
                                    ? StudentMean.alike(n[g] + n[reference])
                                    : StudentMean.welch(
                                            new double[] {mean[m][g], mean[m][reference]},
                                            new double[] {
                                                moment[m][g] / (n[g] - 1) / n[g],
                                                moment[m][reference] / (n[reference] - 1) / n[reference]
                                            },
                                            new double[] {n[g], n[reference]},
                                            n[g] + n[reference],
                                            settings.confidence());
                    rows.add(new FairnessReport.Row(NAMES.get(m) + "_signed_difference", space.name(g), estimate));
                }
            }
        }
        return List.copyOf(rows);
    }

    /**
     * The same as evidence.
     *
     * @param subject what was audited: a name or digest; not blank
     * @param space the groups
     * @param groups the group of each row
     * @param truth recorded values, finite; as many
     * @param predictions finite; as many
     * @param reference number of the reference group
     * @return the report
     */
    public MetricReport report(
            String subject, GroupSpace space, int[] groups, double[] truth, double[] predictions, int reference) {
        SortedMap<String, String> parameters =
                MetricReport.parameters("errors of predicted numbers by group", settings);
        parameters.put("reference", space.name(reference));
        parameters.put("rows", Integer.toString(groups.length));
        return new MetricReport(subject, parameters, audit(space, groups, truth, predictions, reference), List.of());
    }

    private static Estimate few(long least, String name, long n) {
        return new Estimate.Abstained(name + ": rows must be at least " + least + ", were " + n, n);
    }

    private Estimate one(double mean, double moment, long n, long least) {
        if (n < least) {
            return new Estimate.Abstained("rows must be at least " + least + ", were " + n, n);
        }
        return StudentMean.of(mean, moment, n, settings.confidence());
    }
}
