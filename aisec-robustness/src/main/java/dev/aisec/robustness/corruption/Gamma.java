// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/**
 * A wrong tone curve: a value v of the unit range becomes v^γ, which darkens the middle tones for γ above 1.
 *
 * @param gammas γ for each severity, above 0; 1 changes nothing
 */
public record Gamma(List<Double> gammas) implements Corruption {
    /** Checks the amounts. */
    public Gamma {
        gammas = Images.fivePositive("gammas", gammas);
    }

    /**
     * γ = 1.5, 2, 2.5, 3, 4: our choice.
     *
     * @return the corruption
     */
    public static Gamma standard() {
        return new Gamma(List.of(1.5, 2.0, 2.5, 3.0, 4.0));
    }

    @Override
    public String name() {
        return "gamma";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double gamma = Images.at(gammas, severity);
        double lower = bounds.lower(0);
        double range = Images.range(bounds);
        int length = images.shape().size();
        return Images.map(images, bounds, (row, values, at) -> {
            for (int i = at; i < at + length; i++) {
                // Rounding may leave a value a little below the bound, of which there is no power.
                double v = Math.max((values[i] - lower) / range, 0);
                values[i] = (float) (lower + range * Math.pow(v, gamma));
            }
        });
    }
}
