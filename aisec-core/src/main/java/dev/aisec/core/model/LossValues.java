// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** Loss values and cotangents. The arrays belong to whom they were returned to. */
public final class LossValues {
    private final double[] values;
    private final Batch cotangents;

    /**
     * Takes both without copying.
     *
     * @param values the loss of each row
     * @param cotangents the derivative of the sum of the losses with respect to the logits, in their shape
     */
    public LossValues(double[] values, Batch cotangents) {
        this.values = values;
        this.cotangents = cotangents;
    }

    /**
     * Returns the loss of each row, not copied.
     *
     * @return one for each row
     */
    public double[] values() {
        return values;
    }

    /**
     * Returns the derivative with respect to the logits.
     *
     * @return in the shape of the logits
     */
    public Batch cotangents() {
        return cotangents;
    }
}
