// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PreprocessedClassifierTest {
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(2), 2, Bounds.of(-4, 4));
    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{1, 2}, {3, 5}}, new float[] {0, 1}, SPEC);

    /** Twice the input, and its true derivative. */
    private static final Preprocessor TWICE = new Preprocessor() {
        @Override
        public Batch apply(Batch inputs) {
            float[] x = inputs.toArray();
            for (int i = 0; i < x.length; i++) {
                x[i] *= 2;
            }
            return inputs.like(x, inputs.shape());
        }

        @Override
        public Batch backward(Batch inputs, Batch cotangents) {
            return apply(cotangents);
        }
    };

    @Test
    void before_differentiable_goesThroughBothWays() {
        Batch x = Batch.of(new float[] {1, -1}, SPEC.inputShape());
        PreprocessedClassifier.Differentiable whole = TWICE.before((DifferentiableClassifier) MODEL);
        assertThat(whole.logits(x).toArray()).containsExactly(-2, -3);
        assertThat(TWICE.before((Classifier) MODEL).logits(x)).isEqualTo(whole.logits(x));
        Batch ones = Batch.of(new float[] {1, 1}, Shape.of(2));
        assertThat(whole.gradient(x, z -> ones).gradient().toArray()).containsExactly(8, 14);
        assertThat(whole.spec()).isEqualTo(SPEC);
    }

    @Test
    void before_noDerivativeNamed_isTheIdentityOnTheWayBack() {
        Preprocessor round = inputs -> {
            float[] x = inputs.toArray();
            for (int i = 0; i < x.length; i++) {
                x[i] = Math.round(x[i]);
            }
            return inputs.like(x, inputs.shape());
        };
        Batch x = Batch.of(new float[] {0.6f, -0.6f}, SPEC.inputShape());
        Batch ones = Batch.of(new float[] {1, 1}, Shape.of(2));
        assertThat(round.before((DifferentiableClassifier) MODEL)
                        .gradient(x, z -> ones)
                        .gradient()
                        .toArray())
                .containsExactly(4, 7);
    }
}
