// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** A sum of clipped per-example gradients. The arrays belong to whom it was returned to. */
public final class ClippedSum {
    private final float[] sum;
    private final double[] norms;

    /**
     * Takes both without copying.
     *
     * @param sum the sum, in the order of the parameter layout
     * @param norms the L2 norm of each example's gradient before clipping
     */
    public ClippedSum(float[] sum, double[] norms) {
        this.sum = sum;
        this.norms = norms;
    }

    /**
     * Returns the sum, not copied.
     *
     * @return in the order of the parameter layout
     */
    public float[] sum() {
        return sum;
    }

    /**
     * Returns the norms before clipping, not copied. They are private data: do not release them.
     *
     * @return one for each example
     */
    public double[] norms() {
        return norms;
    }
}
