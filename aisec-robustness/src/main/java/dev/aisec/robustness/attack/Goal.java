// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Targets;

/** What an attack wants of each row: that the true label is avoided, a target class reached, or the loss raised. Immutable. */
public final class Goal {
    private final int[] labels;
    private final boolean targeted;
    private final boolean endless;

    private Goal(int[] labels, boolean targeted, boolean endless) {
        this.labels = labels;
        this.targeted = targeted;
        this.endless = endless;
    }

    /**
     * Untargeted: any class but the true one.
     *
     * @param labels the true class of each row; copied
     * @return the goal
     */
    public static Goal avoid(int... labels) {
        return new Goal(labels.clone(), false, false);
    }

    /**
     * Targeted: exactly this class.
     *
     * @param targets the class to reach for each row; copied
     * @return the goal
     */
    public static Goal reach(int... targets) {
        return new Goal(targets.clone(), true, false);
    }

    /**
     * Untargeted and never achieved: the loss for the true class is raised with all steps, as adversarial training asks for
     * (Madry et al., ICLR 2018). Every row counts as failed; what matters is its sample.
     *
     * @param labels the true class of each row; copied
     * @return the goal
     */
    public static Goal raiseLoss(int... labels) {
        return new Goal(labels.clone(), false, true);
    }

    /**
     * Returns whether a class is to be reached.
     *
     * @return true for {@link #reach}
     */
    public boolean targeted() {
        return targeted;
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
     * Tells whether a prediction is what the attack wants.
     *
     * @param row the row
     * @param predicted the class that the model gives it
     * @return whether the goal is achieved
     */
    public boolean achieved(int row, int predicted) {
        return !endless && targeted == (predicted == labels[row]);
    }

    /**
     * The same goal for chosen rows.
     *
     * @param rows rows of this goal
     * @return a goal for as many rows
     */
    public Goal select(int... rows) {
        return new Goal(targets(rows).labels(), targeted, endless);
    }

    /** The label to move away from, or towards. */
    int label(int row) {
        return labels[row];
    }

    /** The labels to move away from, or towards, as targets of a loss. */
    Targets targets(int[] rows) {
        return Targets.of(labels).select(rows);
    }

    void check(ModelSpec spec, int rows) {
        if (labels.length != rows) {
            throw new IllegalArgumentException("goal must have " + rows + " rows like inputs, had " + labels.length);
        }
        spec.requireLabels(labels);
    }
}
