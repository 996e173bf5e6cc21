// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Preferential resampling: like {@link UniformResampling}, but the rows that are repeated or left out are those nearest to the
 * border between the labels, as a ranker sees it. No randomness.
 *
 * <p>Too few favourable rows in a group: those with the lowest scores are repeated; too many: those with the lowest scores are left
 * out. Too few unfavourable rows: those with the highest scores are repeated; too many: those with the highest scores are left out.
 * Ties go by the order of the rows. Same guarantee as {@link UniformResampling}.
 *
 * <p>Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
 * Information Systems 33, 2012, algorithm 5. Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 */
public record PreferentialResampling() {
    /**
     * Chooses rows.
     *
     * @param rows the training rows; of equal weight
     * @param scores how likely a ranker takes each row to be favourable; finite, any scale
     * @return numbers of the rows to train on, ascending; a row may come several times
     */
    public int[] choose(GroupedRows rows, double[] scores) {
        Cells.requireEqualWeights(rows);
        Checks.scores(rows, scores);
        int[] quotas = Cells.quotas(rows);
        int[] sizes = new int[quotas.length];
        for (int i = 0; i < rows.size(); i++) {
            sizes[rows.group(i)]++;
        }
        return Resampling.choose(rows, (cell, members) -> {
            boolean label = (cell & 1) == 1;
            int group = cell / 2;
            int want = label ? quotas[group] : sizes[group] - quotas[group];
            // Repeating starts at the border, keeping starts far from it.
            boolean lowestFirst = label == want > members.length;
            Comparator<Integer> byScore = Comparator.comparingDouble(row -> scores[row]);
            int[] sorted = Arrays.stream(members)
                    .boxed()
                    .sorted(lowestFirst ? byScore : byScore.reversed())
                    .mapToInt(Integer::intValue)
                    .toArray();
            System.arraycopy(sorted, 0, members, 0, sorted.length);
        });
    }
}
