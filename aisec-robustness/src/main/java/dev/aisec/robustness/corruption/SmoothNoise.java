// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Shape;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.random.RandomGenerator;

/** White Gaussian noise after a Gaussian blur, scaled to variance 1 (more near the border, where pixels are repeated). */
final class SmoothNoise {
    private final Convolution convolution;
    private final float[] kernel;
    private final float deviation;

    /** σ of the blur in pixels. */
    SmoothNoise(Shape image, double sigma) {
        convolution = new Convolution(image.dimension(1), image.dimension(2));
        kernel = Convolution.gaussian(sigma);
        double squares = 0;
        for (float k : kernel) {
            squares += k * k;
        }
        // Along each axis the variance falls by Σk².
        deviation = (float) (1 / squares);
    }

    void fill(float[] field, RandomGenerator random) {
        GaussianNoise noise = new GaussianNoise(random);
        for (int i = 0; i < field.length; i++) {
            field[i] = deviation * (float) noise.next();
        }
        convolution.separable(kernel, field, 0);
    }
}
