// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.List;

/**
 * Noise in proportion to the light: a value v of the unit range becomes v + v σz.
 *
 * @param sigmas σ for each severity; 0 changes nothing
 * @param seed seed of the noise
 */
public record SpeckleNoise(List<Double> sigmas, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public SpeckleNoise {
        sigmas = Images.five("sigmas", sigmas);
    }

    /**
     * σ = 0.15, 0.2, 0.35, 0.45, 0.6 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C, extra corruptions).
     *
     * @param seed seed of the noise
     * @return the corruption
     */
    public static SpeckleNoise standard(Seed seed) {
        return new SpeckleNoise(List.of(0.15, 0.2, 0.35, 0.45, 0.6), seed);
    }

    @Override
    public String name() {
        return "speckle-noise";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double sigma = Images.at(sigmas, severity);
        double lower = bounds.lower(0);
        int length = images.shape().size();
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            GaussianNoise noise = new GaussianNoise(stream.generator(images.rowNumber(row)));
            for (int i = at; i < at + length; i++) {
                values[i] = (float) (values[i] + (values[i] - lower) * sigma * noise.next());
            }
        });
    }
}
