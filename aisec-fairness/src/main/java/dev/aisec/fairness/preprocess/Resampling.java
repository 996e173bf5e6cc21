// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;

/** What both ways of resampling share. */
final class Resampling {
    /** Puts the rows first that come once more than the others. */
    @FunctionalInterface
    interface Order {
        void sort(int cell, int[] members);
    }

    private Resampling() {}

    static int[] choose(GroupedRows rows, Order order) {
        int[] quotas = Cells.quotas(rows);
        int[][] members = Cells.members(rows);
        int[] chosen = new int[rows.size()];
        int count = 0;
        for (int cell = 0; cell < members.length; cell++) {
            int group = cell / 2;
            int have = members[cell].length;
            int size = have + members[cell ^ 1].length;
            int want = (cell & 1) == 1 ? quotas[group] : size - quotas[group];
            if (have == 0 || have == size) {
                want = have;
            }
            if (have > 0) {
                order.sort(cell, members[cell]);
                for (int i = 0; i < want; i++) {
                    chosen[count++] = members[cell][i % have];
                }
            }
        }
        int[] result = Arrays.copyOf(chosen, count);
        Arrays.sort(result);
        return result;
    }
}
