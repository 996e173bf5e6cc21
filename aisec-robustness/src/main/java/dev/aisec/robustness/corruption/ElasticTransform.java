// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Elastic distortion: each pixel is read, with bilinear interpolation, from where a smooth random field points; all channels
 * share the field. Along each axis the displacement is Gaussian noise after a Gaussian blur, scaled to a given root mean
 * square. What comes from outside is the lower bound (black).
 *
 * <p>Source: Simard, Steinkraus, Platt, Best Practices for Convolutional Neural Networks, ICDAR 2003. Hendrycks and
 * Dietterich add a random affine map, which we leave to {@link Shear}, {@link Scaling} and {@link Rotation}.
 *
 * @param displacements root mean square of the displacement along an axis for each severity, as a share of the shorter
 *     side; 0 changes nothing
 * @param smoothness σ of the blur of the field, as a share of the shorter side, in [0, 1]
 * @param seed seed of the fields
 */
public record ElasticTransform(List<Double> displacements, double smoothness, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public ElasticTransform {
        displacements = Images.five("displacements", displacements);
        if (!(smoothness >= 0 && smoothness <= 1)) {
            throw new IllegalArgumentException("smoothness must be in [0, 1], was " + smoothness);
        }
    }

    /**
     * Displacements 0.01, 0.02, 0.03, 0.045, 0.06 and smoothness 0.1 of the shorter side: our choice; at the last the field
     * hardly folds yet.
     *
     * @param seed seed of the fields
     * @return the corruption
     */
    public static ElasticTransform standard(Seed seed) {
        return new ElasticTransform(List.of(0.01, 0.02, 0.03, 0.045, 0.06), 0.1, seed);
    }

    @Override
    public String name() {
        return "elastic-transform";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        double scale = Images.pixels(Images.at(displacements, severity), shape);
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        int plane = height * width;
        Seed stream = Images.stream(seed, this, severity);
        SmoothNoise noise = new SmoothNoise(shape, Images.pixels(smoothness, shape));
        float[] down = new float[plane];
        float[] right = new float[plane];
        float[] source = new float[shape.size()];
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            noise.fill(down, random);
            noise.fill(right, random);
            System.arraycopy(values, at, source, 0, source.length);
            for (int from = 0; from < source.length; from += plane) {
                for (int y = 0; y < height; y++) {
                    for (int x = 0; x < width; x++) {
                        int i = y * width + x;
                        values[at + from + i] = Bilinear.sample(
                                source,
                                from,
                                height,
                                width,
                                y + scale * down[i],
                                x + scale * right[i],
                                bounds.lower(0));
                    }
                }
            }
        });
    }
}
