// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.List;

/**
 * Gaussian noise on every value: x + σz.
 *
 * @param sigmas σ for each severity; 0 changes nothing
 * @param seed seed of the noise
 */
public record AdditiveNoise(List<Double> sigmas, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public AdditiveNoise {
        sigmas = Images.five("sigmas", sigmas);
    }

    /**
     * σ = 0.08, 0.12, 0.18, 0.26, 0.38 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C).
     *
     * @param seed seed of the noise
     * @return the corruption
     */
    public static AdditiveNoise standard(Seed seed) {
        return new AdditiveNoise(List.of(0.08, 0.12, 0.18, 0.26, 0.38), seed);
    }

    @Override
    public String name() {
        return "gaussian-noise";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double sigma = Images.at(sigmas, severity) * Images.range(bounds);
        int length = images.shape().size();
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(
                images,
                bounds,
                (row, values, at) -> new GaussianNoise(stream.generator(images.rowNumber(row)))
                        .addTo(values, at, sigma, values, at, length));
    }
}
