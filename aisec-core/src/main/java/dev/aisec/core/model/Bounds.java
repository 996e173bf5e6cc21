// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Arrays;

/** The box of valid inputs: one range for all features, or one for each. Immutable. */
public final class Bounds {
    private final float[] lower;
    private final float[] upper;

    private Bounds(float[] lower, float[] upper) {
        this.lower = lower;
        this.upper = upper;
        for (int i = 0; i < lower.length; i++) {
            if (!(lower[i] < upper[i])) {
                throw new IllegalArgumentException(
                        "lower must be < upper, was " + lower[i] + " and " + upper[i] + " at feature " + i);
            }
        }
    }

    /**
     * The same range for every feature.
     *
     * @param lower smallest valid value; may be -∞
     * @param upper largest valid value; may be +∞
     * @return the bounds
     */
    public static Bounds of(float lower, float upper) {
        return new Bounds(new float[] {lower}, new float[] {upper});
    }

    /**
     * A range for each feature.
     *
     * @param lower smallest valid values
     * @param upper largest valid values, as many
     * @return the bounds
     */
    public static Bounds perFeature(float[] lower, float[] upper) {
        if (lower.length != upper.length || lower.length < 2) {
            throw new IllegalArgumentException(
                    "lower and upper must have the same length >= 2, had " + lower.length + " and " + upper.length);
        }
        return new Bounds(lower.clone(), upper.clone());
    }

    /**
     * Returns whether all features share one range.
     *
     * @return true for {@link #of}
     */
    public boolean isUniform() {
        return lower.length == 1;
    }

    /**
     * Returns the number of features that these bounds are for.
     *
     * @return the number, or 1 if uniform
     */
    public int features() {
        return lower.length;
    }

    /**
     * Returns the smallest valid value of a feature.
     *
     * @param feature its index within a row
     * @return lower end
     */
    public float lower(int feature) {
        return lower.length == 1 ? lower[0] : lower[feature];
    }

    /**
     * Returns the largest valid value of a feature.
     *
     * @param feature its index within a row
     * @return upper end
     */
    public float upper(int feature) {
        return upper.length == 1 ? upper[0] : upper[feature];
    }

    /**
     * The nearest valid value.
     *
     * @param feature index within a row
     * @param value any value; NaN stays NaN
     * @return the value inside the range
     */
    public float clip(int feature, float value) {
        return Math.min(Math.max(value, lower(feature)), upper(feature));
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Bounds b && Arrays.equals(lower, b.lower) && Arrays.equals(upper, b.upper);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
    }

    @Override
    public String toString() {
        return isUniform() ? "[" + lower[0] + ", " + upper[0] + "]" : "per feature (" + lower.length + ")";
    }
}
