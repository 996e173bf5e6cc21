// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Preprocessor;
import java.util.Arrays;

/**
 * Local median smoothing of images, each channel by itself (Xu, Evans, Qi, NDSS 2018, section 3.2). For an even window the
 * pixel is the lower right one of its centre and the larger of the two middle values is taken; beyond the border the image
 * is mirrored, the border pixel included: as scipy.ndimage.median_filter does, which the authors use.
 *
 * @param window side of the square window in pixels, at least 2
 */
public record MedianFilter(int window) implements Preprocessor {
    /** Checks the window. */
    public MedianFilter {
        if (window < 2 || window > 64) {
            throw new IllegalArgumentException("window must be in [2, 64], was " + window);
        }
    }

    @Override
    public Batch apply(Batch inputs) {
        if (inputs.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    "inputs must have shape [channels, height, width], was " + inputs.shape());
        }
        int height = inputs.shape().dimension(1);
        int width = inputs.shape().dimension(2);
        int planes = inputs.size() * inputs.shape().dimension(0);
        float[] source = inputs.array();
        float[] result = new float[planes * height * width];
        float[] neighbours = new float[window * window];
        for (int p = 0; p < planes; p++) {
            int from = inputs.offset() + p * height * width;
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int k = 0;
                    for (int dy = -(window / 2); dy < window - window / 2; dy++) {
                        int line = from + mirror(y + dy, height) * width;
                        for (int dx = -(window / 2); dx < window - window / 2; dx++) {
                            neighbours[k++] = source[line + mirror(x + dx, width)];
                        }
                    }
                    Arrays.sort(neighbours);
                    result[(p * height + y) * width + x] = neighbours[neighbours.length / 2];
                }
            }
        }
        return inputs.like(result, inputs.shape());
    }

    private static int mirror(int i, int size) {
        int j = Math.floorMod(i, 2 * size);
        return j < size ? j : 2 * size - 1 - j;
    }
}
