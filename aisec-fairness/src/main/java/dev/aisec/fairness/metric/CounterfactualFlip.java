// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Proportion;
import java.util.function.Predicate;

/**
 * Counterfactual flip rate: the share of people whose decision changes if nothing but their attribute is set to another of
 * its values.
 *
 * <p>Guarantee: the count is exact for the model given. Limit: other features keep their values, also those that the
 * attribute influences; so a rate of 0 does not show counterfactual fairness in the causal sense.
 *
 * <p>Source: Galhotra, Brun, Meliou, Fairness Testing: Testing Software for Discrimination, ESEC/FSE 2017 (causal
 * discrimination score); Kusner et al., Counterfactual Fairness, NeurIPS 2017 (the causal notion).
 *
 * @param column index of the attribute among the features, at least 0
 * @param values number of its values 0, 1, …, at least 2
 * @param settings how uncertainty is stated
 */
public record CounterfactualFlip(int column, int values, AuditSettings settings) {
    /** Checks the components. */
    public CounterfactualFlip {
        Checks.atLeast("column", 0, column);
        Checks.atLeast("values", 2, values);
    }

    /**
     * With the default settings.
     *
     * @param column index of the attribute among the features
     * @param values number of its values
     * @return the metric
     */
    public static CounterfactualFlip of(int column, int values) {
        return new CounterfactualFlip(column, values, AuditSettings.DEFAULT);
    }

    /**
     * Asks the model.
     *
     * @param model whether a row is selected; must not change or keep the row
     * @param features a row for each person; not modified
     * @return the share, with its interval
     */
    public Estimate of(Predicate<double[]> model, double[][] features) {
        int n = features.length;
        if (n < settings.minimum()) {
            return new Estimate.Abstained("rows must be at least " + settings.minimum() + ", were " + n, n);
        }
        for (int i = 0; i < n; i++) {
            if (column >= features[i].length) {
                throw new IllegalArgumentException("column must be in [0, " + features[i].length
                        + ") of every row, row " + i + " was too short for " + column);
            }
        }
        long flips = 0;
        for (double[] row : features) {
            double[] copy = row.clone();
            boolean decision = model.test(copy);
            boolean flipped = false;
            for (int v = 0; v < values && !flipped; v++) {
                copy[column] = v;
                flipped = v != row[column] && model.test(copy) != decision;
            }
            flips += flipped ? 1 : 0;
        }
        return Proportion.share(flips, n, n, n, settings.confidence());
    }
}
