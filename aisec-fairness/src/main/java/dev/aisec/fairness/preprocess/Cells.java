// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** The weight of every group and label. */
final class Cells {
    private final GroupSpace space;
    private final double[] weights;
    private final double total;
    private final double favourable;
    private final double unfavourable;

    private Cells(GroupSpace space, double[] weights) {
        this.space = space;
        this.weights = weights;
        double good = 0;
        // Summed by itself: total less favourable would round a small rest to 0.
        double bad = 0;
        for (int g = 0; g < weights.length / 2; g++) {
            bad += weights[2 * g];
            good += weights[2 * g + 1];
        }
        total = good + bad;
        favourable = good;
        unfavourable = bad;
    }

    static Cells of(GroupedRows rows) {
        double[] weights = new double[2 * rows.space().size()];
        for (int i = 0; i < rows.size(); i++) {
            weights[2 * rows.group(i) + (rows.favourable(i) ? 1 : 0)] += rows.weight(i);
        }
        return new Cells(rows.space(), weights);
    }

    GroupSpace space() {
        return space;
    }

    int groups() {
        return weights.length / 2;
    }

    double cell(int group, boolean label) {
        return weights[2 * group + (label ? 1 : 0)];
    }

    double group(int group) {
        return weights[2 * group] + weights[2 * group + 1];
    }

    double label(boolean label) {
        return label ? favourable : unfavourable;
    }

    double total() {
        return total;
    }

    /** Whether the group has weight and the label has weight, but not together. */
    boolean isMissing(int group, boolean label) {
        return group(group) > 0 && label(label) > 0 && cell(group, label) == 0;
    }

    List<Finding> missing() {
        List<Finding> findings = new ArrayList<>();
        for (int g = 0; g < groups(); g++) {
            for (boolean label : new boolean[] {false, true}) {
                if (isMissing(g, label)) {
                    findings.add(Finding.of(
                            Severity.WARNING,
                            "fairness.empty-cell",
                            "no row has the " + (label ? "favourable" : "unfavourable")
                                    + " label: this group's share of favourable labels cannot be repaired",
                            space.name(g)));
                }
            }
        }
        return List.copyOf(findings);
    }

    /**
     * How many favourable labels each group gets so that every share is the overall one to less than one row, and the sum stays:
     * largest remainders, the first group at ties. Rows count once each.
     */
    static int[] quotas(GroupedRows rows) {
        int groups = rows.space().size();
        long[] size = new long[groups];
        long good = 0;
        for (int i = 0; i < rows.size(); i++) {
            size[rows.group(i)]++;
            good += rows.favourable(i) ? 1 : 0;
        }
        int[] quota = new int[groups];
        long[] remainder = new long[groups];
        long left = good;
        long n = Math.max(1, rows.size());
        for (int g = 0; g < groups; g++) {
            quota[g] = (int) (size[g] * good / n);
            remainder[g] = size[g] * good % n;
            left -= quota[g];
        }
        int[] order = IntStream.range(0, groups)
                .boxed()
                .sorted((a, b) -> Long.compare(remainder[b], remainder[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i = 0; i < left; i++) {
            quota[order[i]]++;
        }
        return quota;
    }

    /** The rows of each group and label, in order: entry 2·group + label. */
    static int[][] members(GroupedRows rows) {
        int[] cells = new int[rows.size()];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = 2 * rows.group(i) + (rows.favourable(i) ? 1 : 0);
        }
        return members(cells, 2 * rows.space().size());
    }

    /** The rows of each cell, in order. */
    static int[][] members(int[] cells, int count) {
        int[] sizes = new int[count];
        for (int cell : cells) {
            sizes[cell]++;
        }
        int[][] members = new int[count][];
        for (int c = 0; c < count; c++) {
            members[c] = new int[sizes[c]];
        }
        Arrays.fill(sizes, 0);
        for (int i = 0; i < cells.length; i++) {
            members[cells[i]][sizes[cells[i]]++] = i;
        }
        return members;
    }

    /** Puts rows into a random order. */
    static void shuffle(int[] rows, RandomGenerator random) {
        for (int i = rows.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = rows[i];
            rows[i] = rows[j];
            rows[j] = swap;
        }
    }

    /** Refuses weights that differ: rows are counted here. */
    static void requireEqualWeights(GroupedRows rows) {
        for (int i = 1; i < rows.size(); i++) {
            if (rows.weight(i) != rows.weight(0)) {
                throw new IllegalArgumentException("weights must be equal, row " + i + " was " + rows.weight(i)
                        + " and row 0 was " + rows.weight(0) + "; use Reweighing");
            }
        }
    }
}
