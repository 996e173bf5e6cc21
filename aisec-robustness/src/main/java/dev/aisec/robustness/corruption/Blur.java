// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/**
 * Gaussian blur, each channel by itself: a separable kernel exp(−d²/2σ²), cut at 4σ and normalised to sum 1; beyond the
 * border the nearest pixel is repeated.
 *
 * @param sigmas σ in pixels for each severity; 0 changes nothing
 */
public record Blur(List<Double> sigmas) implements Corruption {
    /** Checks the amounts. */
    public Blur {
        sigmas = Images.five("sigmas", sigmas);
    }

    /**
     * σ = 0.5, 0.75, 1, 1.5, 2 pixels, for images of some 30 pixels: our choice between CIFAR-10-C (0.4 to 1 pixels) and
     * ImageNet-C (1 to 6 pixels on 224), of Hendrycks, Dietterich, ICLR 2019.
     *
     * @return the corruption
     */
    public static Blur standard() {
        return new Blur(List.of(0.5, 0.75, 1.0, 1.5, 2.0));
    }

    @Override
    public String name() {
        return "gaussian-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double[] kernel = kernel(Images.at(sigmas, severity));
        int channels = images.shape().dimension(0);
        int height = images.shape().rank() == 3 ? images.shape().dimension(1) : 1;
        int width = images.shape().rank() == 3 ? images.shape().dimension(2) : 1;
        return Images.map(images, bounds, (row, values, at) -> {
            for (int c = 0; c < channels; c++) {
                int plane = at + c * height * width;
                for (int y = 0; y < height; y++) {
                    pass(kernel, values, plane + y * width, 1, width);
                }
                for (int x = 0; x < width; x++) {
                    pass(kernel, values, plane + x, width, height);
                }
            }
        });
    }

    private static double[] kernel(double sigma) {
        int reach = (int) Math.ceil(4 * sigma);
        double[] kernel = new double[2 * reach + 1];
        double sum = 0;
        for (int d = -reach; d <= reach; d++) {
            kernel[reach + d] = d == 0 ? 1 : Math.exp(-d * d / (2 * sigma * sigma));
            sum += kernel[reach + d];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= sum;
        }
        return kernel;
    }

    private static void pass(double[] kernel, float[] values, int at, int stride, int count) {
        int reach = kernel.length / 2;
        double[] line = new double[count];
        for (int i = 0; i < count; i++) {
            for (int d = -reach; d <= reach; d++) {
                int from = Math.min(Math.max(i + d, 0), count - 1);
                line[i] += kernel[reach + d] * values[at + from * stride];
            }
        }
        for (int i = 0; i < count; i++) {
            values[at + i * stride] = (float) line[i];
        }
    }
}
