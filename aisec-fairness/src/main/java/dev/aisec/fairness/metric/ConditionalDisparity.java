// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;

/**
 * Conditional demographic disparity of one value of an attribute: its share among the refused minus its share among the
 * selected, in each stratum of all other attributes, averaged by the weight of the strata. Above 0 it is refused more than
 * its part. Strata in which nobody or everybody is selected carry no comparison and are left out with their weight.
 *
 * <p>Interval: percentile bootstrap of the cube. Limit: strata that are themselves an effect of discrimination hide it.
 *
 * <p>Source: Wachter, Mittelstadt, Russell, Why Fairness Cannot Be Automated, Computer Law and Security Review 41, 2021.
 *
 * @param attribute name of the attribute
 * @param value its value
 * @param settings how uncertainty is stated
 */
public record ConditionalDisparity(String attribute, String value, AuditSettings settings) implements FairnessMetric {
    /**
     * The metric with the default settings.
     *
     * @param attribute name of the attribute
     * @param value its value
     * @return the metric
     */
    public static ConditionalDisparity of(String attribute, String value) {
        return new ConditionalDisparity(attribute, value, AuditSettings.DEFAULT);
    }

    @Override
    public String name() {
        return "conditional_demographic_disparity";
    }

    @Override
    public Estimate of(GroupCube cube) {
        int chosen = Strata.index(cube.space(), attribute, value);
        Strata strata = new Strata(cube.space(), attribute);
        return CellDraws.percentile(
                cube,
                settings,
                cells -> disparity(cells, strata, chosen),
                "at least one stratum must have both decisions, none had");
    }

    private static double disparity(double[] cells, Strata strata, int chosen) {
        // By stratum: refused, selected, and those of the chosen value.
        double[][] sums = new double[4][strata.count];
        for (int c = 0; c < cells.length; c++) {
            int group = c / GroupCube.CELLS;
            int selected = c % 2;
            sums[selected][strata.stratum[group]] += cells[c];
            if (strata.value[group] == chosen) {
                sums[2 + selected][strata.stratum[group]] += cells[c];
            }
        }
        double total = 0;
        double sum = 0;
        for (int s = 0; s < strata.count; s++) {
            if (sums[0][s] > 0 && sums[1][s] > 0) {
                double weight = sums[0][s] + sums[1][s];
                total += weight;
                sum += weight * (sums[2][s] / sums[0][s] - sums[3][s] / sums[1][s]);
            }
        }
        return sum / total;
    }
}
