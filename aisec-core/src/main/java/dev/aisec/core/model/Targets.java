// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a loss compares logits with: a label for each row, the number that the row has in its data set, and named side
 * columns (weights, groups, soft scores). Immutable.
 */
public final class Targets {
    private final int[] labels;
    private final int[] rowIndex;
    private final SortedMap<String, double[]> columns;

    private Targets(int[] labels, int[] rowIndex, SortedMap<String, double[]> columns) {
        this.labels = labels;
        this.rowIndex = rowIndex;
        this.columns = columns;
    }

    /**
     * Labels only; row i is known as i.
     *
     * @param labels a class for each row, at least 0; copied
     * @return the targets
     */
    public static Targets of(int... labels) {
        return of(labels, Map.of());
    }

    /**
     * Labels with side columns; row i is known as i.
     *
     * @param labels a class for each row, at least 0; copied
     * @param columns by name, a value for each row; copied
     * @return the targets
     */
    public static Targets of(int[] labels, Map<String, double[]> columns) {
        int[] rows = new int[labels.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i;
            if (labels[i] < 0) {
                throw new IllegalArgumentException("labels must be >= 0, was " + labels[i] + " at row " + i);
            }
        }
        SortedMap<String, double[]> copy = new TreeMap<>();
        columns.forEach((name, values) -> {
            if (values.length != labels.length) {
                throw new IllegalArgumentException(
                        "column " + name + " must have " + labels.length + " rows, had " + values.length);
            }
            copy.put(name, values.clone());
        });
        return new Targets(labels.clone(), rows, copy);
    }

    /**
     * Returns the number of rows.
     *
     * @return at least 0
     */
    public int size() {
        return labels.length;
    }

    /**
     * Returns a row's label.
     *
     * @param row the row
     * @return its class
     */
    public int label(int row) {
        return labels[row];
    }

    /**
     * Returns all labels.
     *
     * @return a copy
     */
    public int[] labels() {
        return labels.clone();
    }

    /**
     * Returns the number that a row has in the data set it was chosen from.
     *
     * @param row the row
     * @return its number there
     */
    public int rowIndex(int row) {
        return rowIndex[row];
    }

    /**
     * Returns a value of a side column.
     *
     * @param name the column
     * @param row the row
     * @return the value
     * @throws IllegalArgumentException if there is no such column
     */
    public double column(String name, int row) {
        double[] values = columns.get(name);
        if (values == null) {
            throw new IllegalArgumentException("column must be one of " + columns.keySet() + ", was " + name);
        }
        return values[row];
    }

    /**
     * Returns the names of the side columns.
     *
     * @return sorted, unmodifiable
     */
    public java.util.Set<String> columnNames() {
        return Collections.unmodifiableSet(columns.keySet());
    }

    /**
     * Chosen rows; each keeps the number that it has in its data set.
     *
     * @param rows rows of these targets; may repeat
     * @return new targets
     */
    public Targets select(int... rows) {
        int[] chosen = new int[rows.length];
        int[] index = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            Objects.checkIndex(rows[i], labels.length);
            chosen[i] = labels[rows[i]];
            index[i] = rowIndex[rows[i]];
        }
        SortedMap<String, double[]> side = new TreeMap<>();
        columns.forEach((name, values) -> {
            double[] part = new double[rows.length];
            for (int i = 0; i < rows.length; i++) {
                part[i] = values[rows[i]];
            }
            side.put(name, part);
        });
        return new Targets(chosen, index, side);
    }
}
