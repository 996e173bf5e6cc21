// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.core.Finding;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Reweighing: weights that make the label independent of the group. Fitted; immutable.
 *
 * <p>Guarantee: in the reweighed training rows every group has the same weighted share of favourable labels, exactly but for
 * rounding, and groups and labels keep their weights. It says nothing about a model trained on them, which may still tell groups
 * apart. A group without rows of one label cannot be repaired: it keeps its share, {@link #findings()} names it, and all other groups
 * still agree with one another.
 *
 * <p>Formula: w(g, y) = P(g)·P(y) / P(g, y), times the weight that a row had.
 *
 * <p>Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
 * Information Systems 33, 2012, algorithm 3; here for any number of groups. Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 */
public final class Reweighing {
    private final Cells cells;

    private Reweighing(Cells cells) {
        this.cells = cells;
    }

    /**
     * Counts groups and labels.
     *
     * @param rows the training rows; some weight must be positive
     * @return the fitted weights
     */
    public static Reweighing fit(GroupedRows rows) {
        Cells cells = Cells.of(rows);
        Checks.total(cells.total());
        return new Reweighing(cells);
    }

    /**
     * Names the groups that lack a label which others have.
     *
     * @param rows rows to look at
     * @return a finding {@code fairness.empty-cell} for each
     */
    public static List<Finding> emptyCells(GroupedRows rows) {
        return Cells.of(rows).missing();
    }

    /**
     * The factor of a group and label.
     *
     * @param group number of the group
     * @param favourable whether the label is the favourable one
     * @return the factor, positive; empty if no fitted row with weight has both
     */
    public OptionalDouble factor(int group, boolean favourable) {
        Checks.group(group, cells.groups());
        double cell = cells.cell(group, favourable);
        return cell == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(cells.group(group) / cell * (cells.label(favourable) / cells.total()));
    }

    /**
     * Rows with new weights: the old one times the factor of group and label.
     *
     * @param rows the training rows or others of the same groups
     * @return the same rows, reweighed
     * @throws IllegalArgumentException if a row with weight is of a group and label that no fitted row had
     */
    public GroupedRows apply(GroupedRows rows) {
        if (!rows.space().equals(cells.space())) {
            throw new IllegalArgumentException("groups must be those fitted, were others");
        }
        double[] weights = rows.weights();
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                OptionalDouble factor = factor(rows.group(i), rows.favourable(i));
                if (factor.isEmpty()) {
                    throw new IllegalArgumentException("rows must be of a group and label that was fitted, row " + i
                            + " was " + cells.space().name(rows.group(i)) + " with the "
                            + (rows.favourable(i) ? "favourable" : "unfavourable") + " label");
                }
                weights[i] *= factor.getAsDouble();
            }
        }
        return rows.withWeights(weights);
    }

    /**
     * What could not be repaired.
     *
     * @return a finding {@code fairness.empty-cell} for each group that lacks a label which others have
     */
    public List<Finding> findings() {
        return cells.missing();
    }
}
