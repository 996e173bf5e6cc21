// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/**
 * Less contrast: each channel is drawn towards its mean, (x − mean) · factor + mean.
 *
 * @param factors the factor for each severity, in [0, 1]; 1 changes nothing
 */
public record Contrast(List<Double> factors) implements Corruption {
    /** Checks the amounts. */
    public Contrast {
        factors = Images.fiveShares("factors", factors);
    }

    /**
     * Factors 0.4, 0.3, 0.2, 0.1, 0.05 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C).
     *
     * @return the corruption
     */
    public static Contrast standard() {
        return new Contrast(List.of(0.4, 0.3, 0.2, 0.1, 0.05));
    }

    @Override
    public String name() {
        return "contrast";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double factor = Images.at(factors, severity);
        int channels = images.shape().dimension(0);
        int plane = images.shape().size() / channels;
        return Images.map(images, bounds, (row, values, at) -> {
            for (int c = 0; c < channels; c++) {
                int from = at + c * plane;
                double mean = 0;
                for (int i = 0; i < plane; i++) {
                    mean += values[from + i];
                }
                double offset = mean / plane * (1 - factor);
                for (int i = 0; i < plane; i++) {
                    values[from + i] = (float) (values[from + i] * factor + offset);
                }
            }
        });
    }
}
