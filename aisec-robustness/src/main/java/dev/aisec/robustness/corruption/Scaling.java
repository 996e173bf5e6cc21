// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * The content becomes smaller or larger about the centre, with bilinear interpolation and no filter before it; what comes
 * from outside is the lower bound (black).
 *
 * @param factors size of the content for each severity, above 0; 1 changes nothing
 */
public record Scaling(List<Double> factors) implements Corruption {
    /** Checks the amounts. */
    public Scaling {
        factors = Images.fivePositive("factors", factors);
    }

    /**
     * Factors 0.9, 0.8, 0.7, 0.6, 0.5 (Mu, Gilmer, MNIST-C, 2019).
     *
     * @return the corruption
     */
    public static Scaling standard() {
        return new Scaling(List.of(0.9, 0.8, 0.7, 0.6, 0.5));
    }

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        double inverse = 1 / Images.at(factors, severity);
        Shape shape = Images.requireImages(images);
        Bilinear.Affine map = new Bilinear.Affine(inverse, 0, 0, 0, inverse, 0);
        return Images.map(images, bounds, (row, values, at) -> map.apply(values, at, shape, bounds.lower(0)));
    }
}
