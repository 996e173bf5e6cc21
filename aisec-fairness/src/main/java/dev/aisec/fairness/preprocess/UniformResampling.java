// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupedRows;

/**
 * Uniform resampling: rows are left out or repeated at random until every group has the same share of favourable labels. For
 * learners that take no weights.
 *
 * <p>Guarantee: every group keeps its number of rows and all rows together their number of favourable labels; a group's share of
 * favourable labels is off the overall one by less than one row. A group that lacks one label stays as it is
 * ({@link Reweighing#emptyCells} names it), and the overall number then changes accordingly. Rows must have equal weights.
 *
 * <p>Every row of a cell comes ⌊m/n⌋ times and the rest is drawn without replacement, which spreads less than drawing all m with
 * replacement.
 *
 * <p>Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
 * Information Systems 33, 2012, algorithm 4. Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 *
 * @param seed seed of the choice
 */
public record UniformResampling(Seed seed) {
    /**
     * Chooses rows.
     *
     * @param rows the training rows
     * @return numbers of the rows to train on, ascending; a row may come several times
     */
    public int[] choose(GroupedRows rows) {
        Cells.requireEqualWeights(rows);
        return Resampling.choose(rows, (cell, members) -> Cells.shuffle(members, seed.generator(cell)));
    }
}
