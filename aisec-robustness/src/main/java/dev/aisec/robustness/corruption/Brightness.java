// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/**
 * More light: a constant is added to every value. (On colour images Hendrycks and Dietterich add it to the value channel
 * of HSV; on grey ones that is the same.)
 *
 * @param shifts what is added at each severity; 0 changes nothing
 */
public record Brightness(List<Double> shifts) implements Corruption {
    /** Checks the amounts. */
    public Brightness {
        shifts = Images.five("shifts", shifts);
    }

    /**
     * 0.1, 0.2, 0.3, 0.4, 0.5 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C).
     *
     * @return the corruption
     */
    public static Brightness standard() {
        return new Brightness(List.of(0.1, 0.2, 0.3, 0.4, 0.5));
    }

    @Override
    public String name() {
        return "brightness";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double shift = Images.at(shifts, severity) * Images.range(bounds);
        int length = images.shape().size();
        return Images.map(images, bounds, (row, values, at) -> {
            for (int i = 0; i < length; i++) {
                values[at + i] = (float) (values[at + i] + shift);
            }
        });
    }
}
