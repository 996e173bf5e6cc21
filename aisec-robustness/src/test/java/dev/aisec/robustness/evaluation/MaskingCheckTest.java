// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Finding;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.ExpectationOverTransformation;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class MaskingCheckTest {
    private static final int N = 6;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 2, Bounds.of(-1, 1));
    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{0, 0, 0, 0, 0, 0}, {1, -2, 1, 3, -1, 2}}, new float[] {0, 0}, SPEC);

    private static Labelled data() {
        RandomGenerator random = new Seed(1).generator(0);
        float[] x = new float[100 * N];
        for (int i = 0; i < x.length; i++) {
            x[i] = 1.8f * random.nextFloat() - 0.9f;
        }
        Batch inputs = Batch.wrap(x, SPEC.inputShape());
        return new Labelled(inputs, Targets.of(MODEL.predict(inputs)));
    }

    private static MaskingCheck check(DifferentiableClassifier model) {
        return MaskingCheck.of("m", model, data(), Pgd.of(Norm.LINF, 0.2), RowChunks.of(40), Progress.NONE);
    }

    private static List<String> codes(MaskingCheck check) {
        return check.evidence().findings().stream().map(Finding::code).toList();
    }

    /** A model whose gradient is changed on the way out. */
    private record Changed(UnaryOperator<float[]> gradientChange, UnaryOperator<float[]> logitsChange)
            implements DifferentiableClassifier {
        @Override
        public ModelSpec spec() {
            return SPEC;
        }

        @Override
        public Batch logits(Batch inputs) {
            return inputs.like(logitsChange.apply(MODEL.logits(inputs).toArray()), Shape.of(2));
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            LogitsAndGradient g = MODEL.gradient(inputs, cotangentOfLogits);
            return new LogitsAndGradient(
                    g.logits(), inputs.like(gradientChange.apply(g.gradient().toArray()), inputs.shape()));
        }
    }

    @Test
    void of_honestModel_passes() {
        MaskingCheck check = check(MODEL);
        assertThat(check.checks())
                .allSatisfy(c -> assertThat(c.passed()).as(c.meaning()).isTrue());
        assertThat(check.passed()).isTrue();
        assertThat(check.n()).isEqualTo(100);
        assertThat(check.evidence().measurements()).hasSize(6);
    }

    @Test
    void of_zeroGradient_isDoubted() {
        MaskingCheck check = check(new Changed(g -> new float[g.length], z -> z));
        assertThat(check.passed()).isFalse();
        assertThat(codes(check)).contains("masking-check.zero-gradient", "masking-check.unbounded-attack-fails");
    }

    @Test
    void of_randomGradient_isDoubted() {
        RandomGenerator random = new Seed(3).generator(0);
        MaskingCheck check = check(new Changed(
                g -> {
                    float[] other = new float[g.length];
                    for (int i = 0; i < other.length; i++) {
                        other[i] = (float) random.nextGaussian();
                    }
                    return other;
                },
                z -> z));
        assertThat(check.passed()).isFalse();
    }

    @Test
    void of_randomizedModel_isDoubtedAndAveragingHelps() {
        RandomGenerator random = new Seed(3).generator(0);
        Changed noisy = new Changed(g -> g, z -> {
            for (int i = 0; i < z.length; i++) {
                z[i] += (float) (0.1 * random.nextGaussian());
            }
            return z;
        });
        assertThat(codes(check(noisy))).contains("masking-check.not-deterministic");
        Batch x = data().inputs().rows(0, 1);
        double spread = 0;
        ExpectationOverTransformation mean = new ExpectationOverTransformation(noisy, 400);
        for (int i = 0; i < 20; i++) {
            spread = Math.max(
                    spread, Math.abs(mean.logits(x).get(0, 1) - MODEL.logits(x).get(0, 1)));
        }
        // Deviation 0.005; six of them.
        assertThat(spread).isLessThan(0.03);
        assertThat((double) mean.gradient(x, z -> z).gradient().get(0, 3))
                .isCloseTo(3.0 * mean.logits(x).get(0, 1), within(0.2));
    }
}
