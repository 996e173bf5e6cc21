// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.internal;

/** Checks of row-major features. */
public final class Features {
    private Features() {}

    /**
     * Refuses ragged arrays and numbers that are not finite.
     *
     * @param name what the message calls them
     * @param features row after row
     * @param columns numbers of a row; at least 1
     * @return the number of rows
     */
    public static int requireFinite(String name, double[] features, int columns) {
        if (columns < 1) {
            throw new IllegalArgumentException("columns of " + name + " must be >= 1, was " + columns);
        }
        if (features.length % columns != 0) {
            throw new IllegalArgumentException(
                    name + " must have a multiple of " + columns + " values, had " + features.length);
        }
        for (int i = 0; i < features.length; i++) {
            if (!Double.isFinite(features[i])) {
                throw new IllegalArgumentException(name + " must be finite, row " + i / columns + " column "
                        + i % columns + " was " + features[i]);
            }
        }
        return features.length / columns;
    }
}
