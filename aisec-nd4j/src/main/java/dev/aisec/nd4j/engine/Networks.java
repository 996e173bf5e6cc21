// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;

/** Makes {@link CompiledNetwork}s. */
public final class Networks {
    private Networks() {}

    /**
     * A network from layers and weights.
     *
     * @param network the layers; the last one must give a vector of at least 2 logits
     * @param parameters all parameters, layer after layer, each tensor row-major, in the order that {@link LayerSpec}
     *     documents; finite; copied
     * @param bounds valid inputs
     * @return the network
     */
    public static CompiledNetwork of(NetworkSpec network, float[] parameters, Bounds bounds) {
        Plan plan = new Plan(network);
        Shape output = plan.ops[plan.ops.length - 1].output();
        if (output.rank() != 1) {
            throw new IllegalArgumentException("last layer must give a vector of logits, was " + output);
        }
        ModelSpec spec = new ModelSpec(network.input(), output.size(), bounds);
        return new CompiledNetwork(plan, spec, new Weights(plan, checked(parameters, plan)));
    }

    /** A copy, if the length is right and all are finite. */
    static float[] checked(float[] parameters, Plan plan) {
        if (parameters.length != plan.layout.size()) {
            throw new IllegalArgumentException(
                    "parameters must have length " + plan.layout.size() + ", was " + parameters.length);
        }
        for (int i = 0; i < parameters.length; i++) {
            if (!Float.isFinite(parameters[i])) {
                throw new IllegalArgumentException("parameters must be finite, was " + parameters[i] + " at " + i);
            }
        }
        return parameters.clone();
    }
}
