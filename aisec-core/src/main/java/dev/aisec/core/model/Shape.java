// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Arrays;

/** The shape of one example, without the sample axis; images are (channels, height, width). Immutable. */
public final class Shape {
    private final int[] dimensions;
    private final int size;

    private Shape(int[] dimensions, int size) {
        this.dimensions = dimensions;
        this.size = size;
    }

    /**
     * A shape.
     *
     * @param dimensions lengths of the axes, outermost first; each at least 1, product below 2³¹
     * @return the shape
     */
    public static Shape of(int... dimensions) {
        if (dimensions.length == 0) {
            throw new IllegalArgumentException("dimensions must not be empty");
        }
        long size = 1;
        for (int d : dimensions) {
            if (d < 1) {
                throw new IllegalArgumentException("dimensions must be >= 1, were " + Arrays.toString(dimensions));
            }
            size *= d;
            if (size > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "dimensions must have a product below 2^31, were " + Arrays.toString(dimensions));
            }
        }
        return new Shape(dimensions.clone(), (int) size);
    }

    /**
     * Returns the number of values.
     *
     * @return product of the dimensions
     */
    public int size() {
        return size;
    }

    /**
     * Returns the number of axes.
     *
     * @return at least 1
     */
    public int rank() {
        return dimensions.length;
    }

    /**
     * Returns the length of an axis.
     *
     * @param axis 0 is the outermost
     * @return its length
     */
    public int dimension(int axis) {
        return dimensions[axis];
    }

    /**
     * Returns the lengths of the axes.
     *
     * @return a copy
     */
    public int[] toArray() {
        return dimensions.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape other && Arrays.equals(dimensions, other.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    /** The dimensions, for example {@code [1, 28, 28]}. */
    @Override
    public String toString() {
        return Arrays.toString(dimensions);
    }
}
