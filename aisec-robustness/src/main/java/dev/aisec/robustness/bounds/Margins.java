// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import java.util.Objects;

/** Proved lower bounds of the margins z_label − z_other, for each example and each other class. Immutable. */
public final class Margins {
    private final int[] labels;
    private final int classes;
    private final double[] lower;

    Margins(int[] labels, int classes, double[] lower) {
        this.labels = labels;
        this.classes = classes;
        this.lower = lower;
    }

    /**
     * Returns the number of examples.
     *
     * @return at least 0
     */
    public int size() {
        return labels.length;
    }

    /**
     * The bound against one other class.
     *
     * @param row the example
     * @param other the other class; the label itself has margin 0
     * @return a lower bound of z_label − z_other over the ball; −∞ if there is none
     */
    public double lower(int row, int other) {
        Objects.checkIndex(row, labels.length);
        Objects.checkIndex(other, classes);
        return lower[row * classes + other];
    }

    /**
     * The bound against all other classes.
     *
     * @param row the example
     * @return the least of the bounds
     */
    public double lower(int row) {
        double least = Double.POSITIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            if (c != labels[row]) {
                least = Math.min(least, lower(row, c));
            }
        }
        return least;
    }

    /**
     * Tells for each example whether its label is proved to win everywhere in the ball.
     *
     * @return true where all bounds are positive
     */
    public boolean[] certified() {
        boolean[] certified = new boolean[labels.length];
        for (int i = 0; i < labels.length; i++) {
            certified[i] = lower(i) > 0;
        }
        return certified;
    }
}
