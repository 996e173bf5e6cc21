// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * A camera that moves towards the object: the mean of the image enlarged about its centre by 11 factors, from 1 to 1 + z
 * in equal steps, with bilinear interpolation.
 *
 * @param zooms z for each severity; 0 changes nothing
 */
public record ZoomBlur(List<Double> zooms) implements Corruption {
    private static final int STEPS = 11;

    /** Checks the amounts. */
    public ZoomBlur {
        zooms = Images.five("zooms", zooms);
    }

    /**
     * z = 0.1, 0.15, 0.2, 0.24, 0.3 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C, who take between 11 and 16 factors and
     * count the image itself twice).
     *
     * @return the corruption
     */
    public static ZoomBlur standard() {
        return new ZoomBlur(List.of(0.1, 0.15, 0.2, 0.24, 0.3));
    }

    @Override
    public String name() {
        return "zoom-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double zoom = Images.at(zooms, severity);
        Shape shape = Images.requireImages(images);
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        Axis[] rows = new Axis[STEPS];
        Axis[] columns = new Axis[STEPS];
        for (int k = 0; k < STEPS; k++) {
            double factor = 1 + zoom * k / (STEPS - 1);
            rows[k] = new Axis(height, factor);
            columns[k] = new Axis(width, factor);
        }
        float[] sum = new float[height * width];
        float[] line = new float[width + 1];
        return Images.map(images, bounds, (row, values, at) -> {
            for (int from = at; from < at + shape.size(); from += sum.length) {
                Arrays.fill(sum, 0);
                for (int k = 0; k < STEPS; k++) {
                    add(values, from, rows[k], columns[k], line, sum);
                }
                for (int i = 0; i < sum.length; i++) {
                    values[from + i] = sum[i] / STEPS;
                }
            }
        });
    }

    /** Where the pixels of an axis come from: between {@code index} and the next, at {@code fraction}. */
    private static final class Axis {
        private final int[] index;
        private final float[] fraction;

        private Axis(int length, double factor) {
            index = new int[length];
            fraction = new float[length];
            double center = (length - 1) / 2.0;
            for (int i = 0; i < length; i++) {
                double from = Math.min(Math.max(center + (i - center) / factor, 0), length - 1);
                index[i] = (int) from;
                fraction[i] = (float) (from - index[i]);
            }
        }
    }

    private static void add(float[] values, int from, Axis rows, Axis columns, float[] line, float[] sum) {
        int height = rows.index.length;
        int width = columns.index.length;
        for (int y = 0; y < height; y++) {
            int upper = from + rows.index[y] * width;
            int lower = from + Math.min(rows.index[y] + 1, height - 1) * width;
            float fy = rows.fraction[y];
            for (int x = 0; x < width; x++) {
                line[x] = (1 - fy) * values[upper + x] + fy * values[lower + x];
            }
            line[width] = line[width - 1];
            for (int x = 0; x < width; x++) {
                int left = columns.index[x];
                float fx = columns.fraction[x];
                sum[y * width + x] += (1 - fx) * line[left] + fx * line[left + 1];
            }
        }
    }
}
