// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.PoissonSampler;

/**
 * Shot noise, as of a sensor in the dark: a value v of the unit range becomes Poisson(c · v) / c. Black stays black; the
 * mean stays v, apart from clipping.
 *
 * @param photons c, the mean number of photons of a white pixel, for each severity; fewer give more noise
 * @param seed seed of the noise
 */
public record ShotNoise(List<Double> photons, Seed seed) implements Corruption {
    /** Largest number of photons that the sampler takes. */
    private static final double LARGEST = 1e9;

    /** Checks the amounts. */
    public ShotNoise {
        photons = Images.fivePositive("photons", photons);
        for (double c : photons) {
            if (c > LARGEST) {
                throw new IllegalArgumentException("photons must be <= 1e9, was " + c);
            }
        }
    }

    /**
     * c = 60, 25, 12, 5, 3 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C; the same in Mu, Gilmer, MNIST-C, 2019).
     *
     * @param seed seed of the noise
     * @return the corruption
     */
    public static ShotNoise standard(Seed seed) {
        return new ShotNoise(List.of(60.0, 25.0, 12.0, 5.0, 3.0), seed);
    }

    @Override
    public String name() {
        return "shot-noise";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double c = Images.at(photons, severity);
        double range = Images.range(bounds);
        float lower = bounds.lower(0);
        int length = images.shape().size();
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            UniformRandomProvider bits = stream.generator(images.rowNumber(row))::nextLong;
            for (int i = at; i < at + length; i++) {
                double mean = c * Math.min(((double) values[i] - lower) / range, 1);
                // Below it a photon comes once in 10¹² pixels, and the sampler needs a mean above zero.
                values[i] = mean > 1e-12
                        ? (float) (lower + range * PoissonSampler.of(bits, mean).sample() / c)
                        : lower;
            }
        });
    }
}
