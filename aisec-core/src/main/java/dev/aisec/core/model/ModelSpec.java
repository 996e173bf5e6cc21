// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * What goes into a classifier and what comes out.
 *
 * @param inputShape shape of one example
 * @param classes number of classes; at least 2
 * @param bounds valid inputs
 */
public record ModelSpec(Shape inputShape, int classes, Bounds bounds) {
    /** Checks the components. */
    public ModelSpec {
        if (classes < 2) {
            throw new IllegalArgumentException("classes must be >= 2, was " + classes);
        }
        if (!bounds.isUniform() && bounds.features() != inputShape.size()) {
            throw new IllegalArgumentException(
                    "bounds must have " + inputShape.size() + " features, had " + bounds.features());
        }
    }

    /**
     * Rejects a batch of another shape.
     *
     * @param inputs the batch
     * @throws IllegalArgumentException naming both shapes
     */
    public void requireInputs(Batch inputs) {
        if (!inputs.shape().equals(inputShape)) {
            throw new IllegalArgumentException("inputs must have shape " + inputShape + ", was " + inputs.shape());
        }
    }

    /**
     * Rejects labels that are no class.
     *
     * @param labels the labels
     * @throws IllegalArgumentException naming row and value
     */
    public void requireLabels(int[] labels) {
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new IllegalArgumentException(
                        "labels must be in [0, " + (classes - 1) + "], was " + labels[i] + " at row " + i);
            }
        }
    }
}
