// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/**
 * Rotation about the centre, with bilinear interpolation; what comes from outside is the lower bound (black). Half of the
 * images are turned to the left, half to the right, by chance.
 *
 * @param degrees angle for each severity
 * @param seed seed of the directions
 */
public record Rotation(List<Double> degrees, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public Rotation {
        degrees = Images.five("degrees", degrees);
    }

    /**
     * 10, 20, 30, 40, 50 degrees: our choice; a person still reads digits at 50.
     *
     * @param seed seed of the directions
     * @return the corruption
     */
    public static Rotation standard(Seed seed) {
        return new Rotation(List.of(10.0, 20.0, 30.0, 40.0, 50.0), seed);
    }

    @Override
    public String name() {
        return "rotation";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double angle = Images.at(degrees, severity);
        Seed stream = seed.derive("rotation-" + severity);
        return Images.map(images, bounds, (row, values, at) -> {
            boolean left = stream.generator(images.rowNumber(row)).nextBoolean();
            rotate(values, at, images, left ? angle : -angle, bounds.lower(0));
        });
    }

    /** Counter-clockwise, as seen with y downwards. */
    static void rotate(float[] values, int at, Batch images, double angle, float outside) {
        int channels = images.shape().dimension(0);
        int height = images.shape().dimension(1);
        int width = images.shape().dimension(2);
        double cos = Math.cos(Math.toRadians(angle));
        double sin = Math.sin(Math.toRadians(angle));
        float[] source = new float[height * width];
        for (int c = 0; c < channels; c++) {
            int plane = at + c * height * width;
            System.arraycopy(values, plane, source, 0, source.length);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double dx = x - (width - 1) / 2.0;
                    double dy = y - (height - 1) / 2.0;
                    double sx = cos * dx - sin * dy + (width - 1) / 2.0;
                    double sy = sin * dx + cos * dy + (height - 1) / 2.0;
                    values[plane + y * width + x] = (float) sample(source, height, width, sy, sx, outside);
                }
            }
        }
    }

    private static double sample(float[] source, int height, int width, double y, double x, float outside) {
        int y0 = (int) Math.floor(y);
        int x0 = (int) Math.floor(x);
        double fy = y - y0;
        double fx = x - x0;
        return (1 - fy)
                        * ((1 - fx) * at(source, height, width, y0, x0, outside)
                                + fx * at(source, height, width, y0, x0 + 1, outside))
                + fy
                        * ((1 - fx) * at(source, height, width, y0 + 1, x0, outside)
                                + fx * at(source, height, width, y0 + 1, x0 + 1, outside));
    }

    private static double at(float[] source, int height, int width, int y, int x, float outside) {
        return y >= 0 && y < height && x >= 0 && x < width ? source[y * width + x] : outside;
    }
}
