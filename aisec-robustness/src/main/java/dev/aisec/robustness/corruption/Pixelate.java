// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * Too few pixels: the image is made smaller and large again, each new pixel being the mean of the area that it covers, on the
 * way down and on the way up.
 *
 * @param scales size of the small image for each severity, as a share of each side, in [0, 1], rounded down to whole
 *     pixels, at least one; 1 changes nothing
 */
public record Pixelate(List<Double> scales) implements Corruption {
    /** Checks the amounts. */
    public Pixelate {
        scales = Images.fiveShares("scales", scales);
    }

    /**
     * 0.6, 0.5, 0.4, 0.3, 0.25 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C; the same in Mu, Gilmer, MNIST-C, 2019).
     *
     * @return the corruption
     */
    public static Pixelate standard() {
        return new Pixelate(List.of(0.6, 0.5, 0.4, 0.3, 0.25));
    }

    @Override
    public String name() {
        return "pixelate";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double scale = Images.at(scales, severity);
        Shape shape = Images.requireImages(images);
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        Axis[] down = {new Axis(height, small(height, scale)), new Axis(width, small(width, scale))};
        Axis[] up = {new Axis(down[0].to(), height), new Axis(down[1].to(), width)};
        float[] small = new float[down[0].to() * down[1].to()];
        return Images.map(images, bounds, (row, values, at) -> {
            for (int from = at; from < at + shape.size(); from += height * width) {
                resample(down, values, from, small, 0);
                resample(up, small, 0, values, from);
            }
        });
    }

    private static int small(int length, double scale) {
        // A product such as 10 · 0.3 may lie a rounding error below the whole number that is meant.
        return Math.max(1, (int) (length * scale + 1e-9));
    }

    private static void resample(Axis[] axes, float[] from, int start, float[] to, int at) {
        int width = axes[1].from;
        float[] line = new float[width];
        for (int y = 0; y < axes[0].to(); y++) {
            for (int x = 0; x < width; x++) {
                line[x] = axes[0].mean(y, from, start + x, width);
            }
            for (int x = 0; x < axes[1].to(); x++) {
                to[at + y * axes[1].to() + x] = axes[1].mean(x, line, 0, 1);
            }
        }
    }

    /** What the pixels of an axis of another length are made of. */
    private static final class Axis {
        private final int from;
        private final int[] first;
        private final float[][] weights;

        private Axis(int from, int to) {
            this.from = from;
            first = new int[to];
            weights = new float[to][];
            for (int j = 0; j < to; j++) {
                // The pixel covers [j, j + 1) · from / to; in units of 1 / to all ends are whole numbers.
                long start = (long) j * from;
                long end = start + from;
                first[j] = (int) (start / to);
                weights[j] = new float[(int) ((end - 1) / to) - first[j] + 1];
                for (int i = 0; i < weights[j].length; i++) {
                    long pixel = (long) (first[j] + i) * to;
                    weights[j][i] = (Math.min(end, pixel + to) - Math.max(start, pixel)) / (float) from;
                }
            }
        }

        private int to() {
            return first.length;
        }

        private float mean(int j, float[] values, int at, int stride) {
            float[] w = weights[j];
            float sum = 0;
            for (int i = 0; i < w.length; i++) {
                sum += w[i] * values[at + (first[j] + i) * stride];
            }
            return sum;
        }
    }
}
