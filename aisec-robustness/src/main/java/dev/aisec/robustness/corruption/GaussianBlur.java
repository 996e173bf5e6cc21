// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * Gaussian blur, each channel by itself: a separable kernel exp(−d²/2σ²), cut at 4σ and normalised to sum 1; beyond the
 * border the nearest pixel is repeated.
 *
 * @param sigmas σ for each severity, as a share of the shorter side, in [0, 1]; 0 changes
 *     nothing
 */
public record GaussianBlur(List<Double> sigmas) implements Corruption {
    /** Checks the amounts. */
    public GaussianBlur {
        sigmas = Images.fiveShares("sigmas", sigmas);
    }

    /**
     * σ = 0.018, 0.027, 0.036, 0.054, 0.071 of the shorter side, which is 0.5 to 2 pixels of 28: our choice between
     * CIFAR-10-C (0.0125 to 0.031 of the side; Hendrycks, Dietterich, ICLR 2019) and MNIST-C (0.036 to 0.21; Mu, Gilmer,
     * 2019).
     *
     * @return the corruption
     */
    public static GaussianBlur standard() {
        return new GaussianBlur(List.of(0.018, 0.027, 0.036, 0.054, 0.071));
    }

    @Override
    public String name() {
        return "gaussian-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        float[] kernel = Convolution.gaussian(Images.pixels(Images.at(sigmas, severity), shape));
        int plane = shape.dimension(1) * shape.dimension(2);
        Convolution convolution = new Convolution(shape.dimension(1), shape.dimension(2));
        return Images.map(images, bounds, (row, values, at) -> {
            for (int from = at; from < at + shape.size(); from += plane) {
                convolution.separable(kernel, values, from);
            }
        });
    }
}
