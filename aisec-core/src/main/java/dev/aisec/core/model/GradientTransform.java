// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.random.RandomGenerator;

/** Changes the gradient of a batch before the optimiser uses it: clipping, noise, projection. */
@FunctionalInterface
public interface GradientTransform {
    /** Changes nothing. */
    GradientTransform NONE = (gradient, layout, random) -> {};

    /**
     * Changes the gradient in place.
     *
     * @param gradient mean gradient of the batch; changed
     * @param layout where each tensor stands
     * @param random the generator of this batch
     */
    void apply(float[] gradient, ParameterLayout layout, RandomGenerator random);
}
