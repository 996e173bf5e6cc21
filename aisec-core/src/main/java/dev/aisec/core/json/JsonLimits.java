// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

/**
 * What {@link JsonParser} accepts at most.
 *
 * @param bytes length of the document
 * @param depth nested arrays and objects
 * @param values values in all, members and items included
 * @param stringLength UTF-16 units of a string or a name
 */
public record JsonLimits(int bytes, int depth, int values, int stringLength) {
    /** Checks that every limit is positive. */
    public JsonLimits {
        if (bytes < 1 || depth < 1 || values < 1 || stringLength < 1) {
            throw new IllegalArgumentException(
                    "limits must be >= 1, were " + bytes + ", " + depth + ", " + values + ", " + stringLength);
        }
        if (depth > 1000) {
            throw new IllegalArgumentException("depth must be <= 1000 (the parser recurses), was " + depth);
        }
    }

    /**
     * 64 MiB, 100 levels, 4 million values, strings of 16 million units.
     *
     * @return the limits
     */
    public static JsonLimits standard() {
        return new JsonLimits(64 << 20, 100, 4_000_000, 16_000_000);
    }
}
