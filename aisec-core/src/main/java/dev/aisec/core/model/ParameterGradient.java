// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** Logits, and the derivative with respect to the parameters. The arrays belong to whom it was returned to. */
public final class ParameterGradient {
    private final Batch logits;
    private final float[] gradient;

    /**
     * Takes both without copying.
     *
     * @param logits one row for each example
     * @param gradient summed over the rows, in the order of the layout
     */
    public ParameterGradient(Batch logits, float[] gradient) {
        this.logits = logits;
        this.gradient = gradient;
    }

    /**
     * Returns the logits.
     *
     * @return one row for each example
     */
    public Batch logits() {
        return logits;
    }

    /**
     * Returns the gradient, not copied.
     *
     * @return in the order of the layout
     */
    public float[] gradient() {
        return gradient;
    }
}
