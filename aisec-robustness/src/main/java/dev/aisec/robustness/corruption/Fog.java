// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Fog of uneven density: with v in the unit range, f a plasma fractal between 0 and 1 that all channels share, and m the
 * brightest v of the image, v becomes (v + t f) m / (m + t). A black image stays black.
 *
 * <p>The fractal is that of the diamond-square algorithm (Fournier, Fussell, Carpenter, Communications of the ACM 25, 1982)
 * on a torus whose side is the power of two that holds the image; from octave to octave the amplitude falls by the square
 * of the decay, as it does in Hendrycks and Dietterich.
 *
 * @param thicknesses t for each severity; 0 changes nothing
 * @param decays decay for each severity, above 0; a small one makes the fog rough
 * @param seed seed of the fractals
 */
public record Fog(List<Double> thicknesses, List<Double> decays, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public Fog {
        thicknesses = Images.five("thicknesses", thicknesses);
        decays = Images.fivePositive("decays", decays);
    }

    /**
     * Thickness 0.2, 0.5, 0.75, 1, 1.5 and decay 3, 3, 2.5, 2, 1.75 (Hendrycks, Dietterich, ICLR 2019, CIFAR-10-C). Their
     * ImageNet-C and MNIST-C are denser (1.5 to 3) and do not grow in thickness from the third to the fourth severity.
     *
     * @param seed seed of the fractals
     * @return the corruption
     */
    public static Fog standard(Seed seed) {
        return new Fog(List.of(0.2, 0.5, 0.75, 1.0, 1.5), List.of(3.0, 3.0, 2.5, 2.0, 1.75), seed);
    }

    @Override
    public String name() {
        return "fog";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double thickness = Images.at(thicknesses, severity);
        double decay = Images.at(decays, severity);
        Shape shape = Images.requireImages(images);
        double lower = bounds.lower(0);
        double range = Images.range(bounds);
        int width = shape.dimension(2);
        int plane = shape.dimension(1) * width;
        int side = Math.max(2, powerOfTwo(Math.max(shape.dimension(1), width)));
        Seed stream = Images.stream(seed, this, severity);
        float[] map = new float[side * side];
        return Images.map(images, bounds, (row, values, at) -> {
            double brightest = 0;
            for (int i = at; i < at + shape.size(); i++) {
                brightest = Math.max(brightest, values[i] - lower);
            }
            if (brightest == 0 || thickness == 0) {
                return;
            }
            plasma(map, side, decay, stream.generator(images.rowNumber(row)));
            double unit = brightest / range;
            double clear = unit / (unit + thickness);
            double fog = brightest * (thickness / (unit + thickness));
            for (int i = 0; i < shape.size(); i++) {
                int pixel = i % plane;
                float density = map[pixel / width * side + pixel % width];
                values[at + i] = (float) (lower + (values[at + i] - lower) * clear + density * fog);
            }
        });
    }

    private static int powerOfTwo(int atLeast) {
        return atLeast == 1 ? 1 : Integer.highestOneBit(atLeast - 1) * 2;
    }

    /** Fills a square map, its side a power of two, with values from 0 to 1. */
    static void plasma(float[] map, int side, double decay, RandomGenerator random) {
        int mask = side - 1;
        map[0] = 0;
        float amplitude = 1;
        for (int step = side; step >= 2; step /= 2) {
            int half = step / 2;
            for (int y = 0; y < side; y += step) {
                int below = (y + step & mask) * side;
                for (int x = 0; x < side; x += step) {
                    int right = x + step & mask;
                    float sum = map[y * side + x] + map[y * side + right] + map[below + x] + map[below + right];
                    map[(y + half) * side + x + half] = sum / 4 + amplitude * (2 * random.nextFloat() - 1);
                }
            }
            for (int y = 0; y < side; y += step) {
                int above = (y - half & mask) * side;
                int middle = (y + half) * side;
                int below = (y + step & mask) * side;
                for (int x = 0; x < side; x += step) {
                    int right = x + step & mask;
                    int left = x - half & mask;
                    float centre = map[middle + x + half];
                    float horizontal = map[y * side + x] + map[y * side + right] + map[above + x + half] + centre;
                    map[y * side + x + half] = horizontal / 4 + amplitude * (2 * random.nextFloat() - 1);
                    float vertical = map[y * side + x] + map[below + x] + map[middle + left] + centre;
                    map[middle + x] = vertical / 4 + amplitude * (2 * random.nextFloat() - 1);
                }
            }
            amplitude /= (float) (decay * decay);
        }
        float least = map[0];
        float most = map[0];
        for (float v : map) {
            least = Math.min(least, v);
            most = Math.max(most, v);
        }
        for (int i = 0; i < map.length; i++) {
            map[i] = most > least ? (map[i] - least) / (most - least) : 0;
        }
    }
}
