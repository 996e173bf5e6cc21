// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * People in columns: of each row the group, the recorded label and a weight. What repair before, in and after training starts
 * from. Immutable; the arrays are copied.
 */
public final class GroupedRows {
    private final GroupSpace space;
    private final int[] groups;
    private final boolean[] favourable;
    private final double @Nullable [] weights;

    private GroupedRows(GroupSpace space, int[] groups, boolean[] favourable, double @Nullable [] weights) {
        this.space = space;
        this.groups = groups;
        this.favourable = favourable;
        this.weights = weights;
    }

    /**
     * Rows of equal weight.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param favourable whether its recorded label is the favourable one; as many
     * @return the rows
     */
    public static GroupedRows of(GroupSpace space, int[] groups, boolean[] favourable) {
        return of(space, groups, favourable, null);
    }

    /**
     * Rows with weights.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param favourable whether its recorded label is the favourable one; as many
     * @param weights at least 0 and finite, as many; null for 1 each
     * @return the rows
     */
    public static GroupedRows of(GroupSpace space, int[] groups, boolean[] favourable, double @Nullable [] weights) {
        Checks.size("favourable", "groups", groups.length, favourable.length);
        Checks.groups(groups, space.size());
        if (weights != null) {
            Checks.size("weights", "groups", groups.length, weights.length);
            for (int i = 0; i < weights.length; i++) {
                if (!(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException(
                            "weights must be >= 0 and finite, row " + i + " was " + weights[i]);
                }
            }
        }
        return new GroupedRows(space, groups.clone(), favourable.clone(), weights == null ? null : weights.clone());
    }

    /**
     * Returns the groups that rows can be in.
     *
     * @return the space
     */
    public GroupSpace space() {
        return space;
    }

    /**
     * Returns how many rows there are.
     *
     * @return the number; may be 0
     */
    public int size() {
        return groups.length;
    }

    /**
     * The group of a row.
     *
     * @param row number of the row
     * @return its group
     */
    public int group(int row) {
        return groups[row];
    }

    /**
     * The label of a row.
     *
     * @param row number of the row
     * @return whether the recorded label is the favourable one
     */
    public boolean favourable(int row) {
        return favourable[row];
    }

    /**
     * The weight of a row.
     *
     * @param row number of the row
     * @return its weight; 1 if none were given
     */
    public double weight(int row) {
        return weights == null ? 1 : weights[row];
    }

    /**
     * The same people with other weights.
     *
     * @param changed at least 0 and finite, one for each row
     * @return the rows
     */
    public GroupedRows withWeights(double[] changed) {
        return of(space, groups, favourable, changed);
    }

    /**
     * Some of the rows, in the order given; a row may come several times.
     *
     * @param rows their numbers
     * @return the chosen rows
     */
    public GroupedRows select(int... rows) {
        int[] group = new int[rows.length];
        boolean[] label = new boolean[rows.length];
        double[] weight = weights == null ? null : new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            group[i] = groups[rows[i]];
            label[i] = favourable[rows[i]];
            if (weight != null) {
                weight[i] = weight(rows[i]);
            }
        }
        return new GroupedRows(space, group, label, weight);
    }

    /**
     * Returns the groups of all rows.
     *
     * @return a copy
     */
    public int[] groups() {
        return groups.clone();
    }

    /**
     * Returns the weights of all rows.
     *
     * @return a copy
     */
    public double[] weights() {
        double[] all = new double[groups.length];
        Arrays.setAll(all, this::weight);
        return all;
    }
}
