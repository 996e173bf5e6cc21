// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * Rotation about the centre, with bilinear interpolation; what comes from outside is the lower bound (black). Half of the
 * images are turned to the left, half to the right, by chance.
 *
 * @param degrees angle for each severity; 0 changes nothing
 * @param seed seed of the directions
 */
public record Rotation(List<Double> degrees, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public Rotation {
        degrees = Images.five("degrees", degrees);
    }

    /**
     * 10, 20, 30, 40, 50 degrees: our choice; a person still reads digits at 50 (Mu, Gilmer, MNIST-C, 2019, have 11 to 57).
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
        Shape shape = Images.requireImages(images);
        double angle = Images.at(degrees, severity);
        Bilinear.Affine toTheLeft = map(angle);
        Bilinear.Affine toTheRight = map(-angle);
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            boolean left = stream.generator(images.rowNumber(row)).nextBoolean();
            (left ? toTheLeft : toTheRight).apply(values, at, shape, bounds.lower(0));
        });
    }

    /** Counter-clockwise, as seen with y downwards. */
    static Bilinear.Affine map(double degrees) {
        double cos = Math.cos(Math.toRadians(degrees));
        double sin = Math.sin(Math.toRadians(degrees));
        return new Bilinear.Affine(cos, sin, 0, -sin, cos, 0);
    }
}
