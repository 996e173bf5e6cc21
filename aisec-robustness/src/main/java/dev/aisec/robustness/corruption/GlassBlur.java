// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Frosted glass: a Gaussian blur, then each pixel, from the last to the first, is swapped with one nearby, all channels
 * together, then the same blur again. The offset is uniform within the reach along each axis, rounded to pixels; offsets
 * that leave the image end at its border. σ of the blurs is a quarter of the reach.
 *
 * @param reaches largest offset for each severity, as a share of the shorter side, in [0, 1]; 0 changes nothing
 * @param seed seed of the offsets
 */
public record GlassBlur(List<Double> reaches, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public GlassBlur {
        reaches = Images.fiveShares("reaches", reaches);
    }

    /**
     * Reach 0.02, 0.025, 0.03, 0.06, 0.1 of the shorter side: our choice around CIFAR-10-C (1 pixel of 32, which is 0.03;
     * Hendrycks, Dietterich, ICLR 2019) and MNIST-C (1 to 4 pixels of 28, which is 0.036 to 0.14; Mu, Gilmer, 2019).
     *
     * @param seed seed of the offsets
     * @return the corruption
     */
    public static GlassBlur standard(Seed seed) {
        return new GlassBlur(List.of(0.02, 0.025, 0.03, 0.06, 0.1), seed);
    }

    @Override
    public String name() {
        return "glass-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        float reach = (float) Images.pixels(Images.at(reaches, severity), shape);
        float[] kernel = Convolution.gaussian(reach / 4);
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        int plane = height * width;
        Seed stream = Images.stream(seed, this, severity);
        Convolution convolution = new Convolution(height, width);
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            for (int from = at; from < at + shape.size(); from += plane) {
                convolution.separable(kernel, values, from);
            }
            for (int y = height - 1; y >= 0; y--) {
                for (int x = width - 1; x >= 0; x--) {
                    int toY = Math.min(Math.max(y + offset(random, reach), 0), height - 1);
                    int toX = Math.min(Math.max(x + offset(random, reach), 0), width - 1);
                    for (int from = at; from < at + shape.size(); from += plane) {
                        float swapped = values[from + y * width + x];
                        values[from + y * width + x] = values[from + toY * width + toX];
                        values[from + toY * width + toX] = swapped;
                    }
                }
            }
            for (int from = at; from < at + shape.size(); from += plane) {
                convolution.separable(kernel, values, from);
            }
        });
    }

    private static int offset(RandomGenerator random, float reach) {
        return Math.round((2 * random.nextFloat() - 1) * reach);
    }
}
