// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Salt and pepper: each value is replaced with a given probability, half of the time by the upper, half by the lower bound.
 *
 * @param shares probability that a value is replaced, in [0, 1], for each severity; 0 changes nothing
 * @param seed seed of the noise
 */
public record ImpulseNoise(List<Double> shares, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public ImpulseNoise {
        shares = Images.fiveShares("shares", shares);
    }

    /**
     * 0.03, 0.06, 0.09, 0.17, 0.27 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C; the same in Mu, Gilmer, MNIST-C, 2019).
     *
     * @param seed seed of the noise
     * @return the corruption
     */
    public static ImpulseNoise standard(Seed seed) {
        return new ImpulseNoise(List.of(0.03, 0.06, 0.09, 0.17, 0.27), seed);
    }

    @Override
    public String name() {
        return "impulse-noise";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double share = Images.at(shares, severity);
        int length = images.shape().size();
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            for (int i = at; i < at + length; i++) {
                double u = random.nextDouble();
                if (u < share) {
                    values[i] = u < share / 2 ? bounds.lower(0) : bounds.upper(0);
                }
            }
        });
    }
}
