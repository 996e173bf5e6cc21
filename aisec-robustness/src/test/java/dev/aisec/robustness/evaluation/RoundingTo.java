// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Preprocessor;

/** Rounds values in [0, 1] to a grid; gradients go straight through (BPDA). */
record RoundingTo(int levels) implements Preprocessor {
    static RoundingTo levels(int levels) {
        return new RoundingTo(levels);
    }

    @Override
    public Batch apply(Batch inputs) {
        float[] x = inputs.toArray();
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) Math.rint(x[i] * levels) / levels;
        }
        return inputs.like(x, inputs.shape());
    }

    /** The same with its true derivative, which is zero almost everywhere. */
    Preprocessor withTrueDerivative() {
        return new Preprocessor() {
            @Override
            public Batch apply(Batch inputs) {
                return RoundingTo.this.apply(inputs);
            }

            @Override
            public Batch backward(Batch inputs, Batch cotangents) {
                return inputs.like(new float[inputs.size() * inputs.shape().size()], inputs.shape());
            }
        };
    }
}
