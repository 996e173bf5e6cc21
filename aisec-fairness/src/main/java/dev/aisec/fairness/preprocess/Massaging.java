// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Massaging: the fewest labels are changed so that every group has the same share of favourable ones, those nearest to the border
 * between the labels first. No randomness.
 *
 * <p>In a group below the overall share the unfavourable rows with the highest scores become favourable; in a group above it the
 * favourable rows with the lowest scores become unfavourable. Guarantee: a group's share is off the overall one by less than one row,
 * and the number of favourable labels stays. It rewrites recorded labels: keep the originals for every later audit.
 *
 * <p>Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
 * Information Systems 33, 2012, algorithms 1 and 2; with two groups the number of changes is theirs, M = disc·|D|·|F|/n, but for
 * rounding. Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 */
public record Massaging() {
    /**
     * Changes labels.
     *
     * @param rows the training rows; of equal weight
     * @param scores how likely a ranker takes each row to be favourable; finite, any scale
     * @return the rows with changed labels, in order
     */
    public GroupedRows apply(GroupedRows rows, double[] scores) {
        Cells.requireEqualWeights(rows);
        Checks.scores(rows, scores);
        int[] quotas = Cells.quotas(rows);
        int[][] members = Cells.members(rows);
        boolean[] labels = new boolean[rows.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = rows.favourable(i);
        }
        Comparator<Integer> byScore = Comparator.comparingDouble(row -> scores[row]);
        for (int group = 0; group < quotas.length; group++) {
            int missing = quotas[group] - members[2 * group + 1].length;
            boolean promote = missing > 0;
            Arrays.stream(members[2 * group + (promote ? 0 : 1)])
                    .boxed()
                    .sorted(promote ? byScore.reversed() : byScore)
                    .limit(Math.abs(missing))
                    .forEach(row -> labels[row] = promote);
        }
        return GroupedRows.of(rows.space(), rows.groups(), labels, rows.weights());
    }
}
