// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Mud on the lens: where smoothed Gaussian noise lies above a threshold, pixels become mud, all channels together. The
 * threshold is such that the expected share of mud is given. Mud is 63/255 of the range; in three channels 63, 42 and 20,
 * a brown if they are red, green and blue (the colours of Hendrycks and Dietterich, whose drops have a soft edge).
 *
 * @param shares expected share of pixels under mud for each severity, in [0, 1]; 0 changes nothing
 * @param size σ of the smoothing, as a share of the shorter side, in [0, 1]; larger makes fewer, larger drops
 * @param seed seed of the noise
 */
public record Spatter(List<Double> shares, double size, Seed seed) implements Corruption {
    private static final float[] MUD = {63 / 255f, 42 / 255f, 20 / 255f};

    /** Checks the amounts. */
    public Spatter {
        shares = Images.fiveShares("shares", shares);
        if (!(size >= 0 && size <= 1)) {
            throw new IllegalArgumentException("size must be in [0, 1], was " + size);
        }
    }

    /**
     * Shares 0.05, 0.1, 0.15, 0.2, 0.3, and drops of σ 0.05 of the shorter side: our choice.
     *
     * @param seed seed of the noise
     * @return the corruption
     */
    public static Spatter standard(Seed seed) {
        return new Spatter(List.of(0.05, 0.1, 0.15, 0.2, 0.3), 0.05, seed);
    }

    @Override
    public String name() {
        return "spatter";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double threshold = NormalDistribution.of(0, 1).inverseSurvivalProbability(Images.at(shares, severity));
        Shape shape = Images.requireImages(images);
        int channels = shape.dimension(0);
        int plane = shape.dimension(1) * shape.dimension(2);
        Seed stream = Images.stream(seed, this, severity);
        SmoothNoise noise = new SmoothNoise(shape, Images.pixels(size, shape));
        float[] field = new float[plane];
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            noise.fill(field, random);
            for (int c = 0; c < channels; c++) {
                float mud = (float) (bounds.lower(0) + Images.range(bounds) * (channels == 3 ? MUD[c] : MUD[0]));
                for (int i = 0; i < plane; i++) {
                    if (field[i] > threshold) {
                        values[at + c * plane + i] = mud;
                    }
                }
            }
        });
    }
}
