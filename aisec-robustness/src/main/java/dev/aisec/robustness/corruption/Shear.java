// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * The content slants: a pixel at height y above or below the centre moves sideways by k y, with bilinear interpolation; what
 * comes from outside is the lower bound (black). Half of the images slant to the left, half to the right, by chance.
 *
 * @param slopes k for each severity; 0 changes nothing
 * @param seed seed of the directions
 */
public record Shear(List<Double> slopes, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public Shear {
        slopes = Images.five("slopes", slopes);
    }

    /**
     * k = 0.2, 0.4, 0.6, 0.8, 1: the amounts of Mu, Gilmer, MNIST-C, 2019, who take them as angles in radians.
     *
     * @param seed seed of the directions
     * @return the corruption
     */
    public static Shear standard(Seed seed) {
        return new Shear(List.of(0.2, 0.4, 0.6, 0.8, 1.0), seed);
    }

    @Override
    public String name() {
        return "shear";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        double slope = Images.at(slopes, severity);
        Bilinear.Affine one = new Bilinear.Affine(1, 0, 0, slope, 1, 0);
        Bilinear.Affine other = new Bilinear.Affine(1, 0, 0, -slope, 1, 0);
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            boolean left = stream.generator(images.rowNumber(row)).nextBoolean();
            (left ? one : other).apply(values, at, shape, bounds.lower(0));
        });
    }
}
