// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Adds fresh Gaussian noise to every training example, as Cohen et al. (ICML 2019) train the base classifier of randomized
 * smoothing. Noisy examples are not cut to the bounds of the inputs.
 *
 * @param sigma standard deviation of the noise, in units of the inputs; positive and finite
 */
public record GaussianAugmentation(double sigma) implements BatchTransform {
    /** Checks the noise. */
    public GaussianAugmentation {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
    }

    @Override
    public Labelled apply(@Nullable DifferentiableClassifier model, Labelled batch, RandomGenerator random) {
        float[] noisy = batch.inputs().toArray();
        new GaussianNoise(random).addTo(noisy, 0, sigma, noisy, 0, noisy.length);
        return new Labelled(batch.inputs().like(noisy, batch.inputs().shape()), batch.targets());
    }
}
