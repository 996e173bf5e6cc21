// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ExpectationOverTransformationTest {
    private static final LinearClassifier MODEL = AttackContractTest.model();

    /** Adds Gaussian noise to logits and gradients. */
    private record Noisy(double deviation, RandomGenerator random) implements DifferentiableClassifier {
        @Override
        public ModelSpec spec() {
            return MODEL.spec();
        }

        @Override
        public Batch logits(Batch inputs) {
            Batch z = MODEL.logits(inputs);
            return z.like(disturb(z.toArray()), z.shape());
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            LogitsAndGradient both = MODEL.gradient(inputs, cotangentOfLogits);
            return new LogitsAndGradient(
                    both.logits(), inputs.like(disturb(both.gradient().toArray()), inputs.shape()));
        }

        private float[] disturb(float[] values) {
            for (int i = 0; i < values.length; i++) {
                values[i] += (float) (deviation * random.nextGaussian());
            }
            return values;
        }
    }

    @Test
    void logitsAndGradient_modelThatDraws_areMeans() {
        Noisy noisy = new Noisy(0.1, new Seed(3).generator(0));
        ExpectationOverTransformation mean = new ExpectationOverTransformation(noisy, 400);
        Batch x = AttackContractTest.inputs(10);
        Batch exact = MODEL.logits(x);
        LogitsAndGradient exactBoth = MODEL.gradient(x, z -> exact);
        LogitsAndGradient both = mean.gradient(x, z -> exact);
        // Deviation 0.005. 180 values within 8 deviations: false alarm below 180 · 1.3e-15.
        for (int i = 0; i < 10; i++) {
            for (int c = 0; c < 3; c++) {
                assertThat(both.logits().get(i, c)).isCloseTo(exact.get(i, c), within(0.04f));
                assertThat(mean.logits(x).get(i, c)).isCloseTo(exact.get(i, c), within(0.04f));
            }
            for (int j = 0; j < AttackContractTest.N; j++) {
                assertThat(both.gradient().get(i, j))
                        .isCloseTo(exactBoth.gradient().get(i, j), within(0.04f));
            }
        }
    }

    @Test
    void logits_modelThatDoesNotDraw_areItsOwn() {
        Batch x = AttackContractTest.inputs(4);
        assertThat(new ExpectationOverTransformation(MODEL, 1).logits(x)).isEqualTo(MODEL.logits(x));
        assertThatThrownBy(() -> new ExpectationOverTransformation(MODEL, 0)).hasMessage("draws must be >= 1, was 0");
    }
}
