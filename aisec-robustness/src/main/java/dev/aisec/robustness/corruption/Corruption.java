// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;

/**
 * A natural corruption of images, in five severities. Results stay inside the bounds; inputs are not changed; random
 * draws belong to the row number. Amounts are given for values between 0 and 1 and scale with the width of the bounds.
 * Lengths are given as shares of the shorter side of the image, so that a severity means about the same at any size; on
 * images of a few pixels they may come to nothing.
 */
public interface Corruption {
    /**
     * Returns the name.
     *
     * @return in lower case with hyphens
     */
    String name();

    /**
     * Corrupts images.
     *
     * @param images images of shape (channels, height, width), inside the bounds
     * @param bounds one finite range for all features
     * @param severity from 1 to 5
     * @return corrupted images
     */
    Batch apply(Batch images, Bounds bounds, int severity);
}
