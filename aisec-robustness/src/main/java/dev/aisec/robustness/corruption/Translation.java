// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The content moves along both axes by the same number of pixels, each way by chance; what comes from outside is the lower
 * bound (black).
 *
 * @param shifts shift for each severity, as a share of the shorter side, rounded to whole pixels; 0 changes nothing
 * @param seed seed of the directions
 */
public record Translation(List<Double> shifts, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public Translation {
        shifts = Images.five("shifts", shifts);
    }

    /**
     * 0.036, 0.071, 0.107, 0.143, 0.179 of the shorter side: 1 to 5 pixels of 28 (Mu, Gilmer, MNIST-C, 2019).
     *
     * @param seed seed of the directions
     * @return the corruption
     */
    public static Translation standard(Seed seed) {
        return new Translation(List.of(0.036, 0.071, 0.107, 0.143, 0.179), seed);
    }

    @Override
    public String name() {
        return "translate";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        double shift = Math.rint(Images.pixels(Images.at(shifts, severity), shape));
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            double down = random.nextBoolean() ? shift : -shift;
            double right = random.nextBoolean() ? shift : -shift;
            new Bilinear.Affine(1, 0, -down, 0, 1, -right).apply(values, at, shape, bounds.lower(0));
        });
    }
}
