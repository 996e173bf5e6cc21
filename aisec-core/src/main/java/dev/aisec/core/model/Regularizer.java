// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** A penalty on parameters. */
@FunctionalInterface
public interface Regularizer {
    /** No penalty. */
    Regularizer NONE = (parameters, layout, gradient) -> 0;

    /**
     * The penalty; its derivative is added to {@code gradient}.
     *
     * @param parameters the parameters; only read
     * @param layout where each tensor stands
     * @param gradient as long as the parameters; the derivative of the penalty is added to it
     * @return the penalty
     */
    double addTo(float[] parameters, ParameterLayout layout, float[] gradient);
}
