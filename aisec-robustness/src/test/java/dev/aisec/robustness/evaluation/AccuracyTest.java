// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Evidence;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class AccuracyTest {
    /** One feature, class 1 above 0: an example at x has distance |x|. Ten right at 0.05, 0.15, …, two wrong. */
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(1), 2, Bounds.of(-1, 1));

    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{0}, {1}}, new float[] {0, 0}, SPEC);

    private static Labelled data() {
        float[] x = new float[12];
        int[] y = new int[12];
        for (int i = 0; i < 12; i++) {
            x[i] = 0.05f + 0.1f * (i % 10) * (i < 10 ? 1 : 0);
            y[i] = i < 10 ? 1 : 0;
        }
        return new Labelled(Batch.of(x, SPEC.inputShape()), Targets.of(y));
    }

    @Test
    void cleanAccuracy_knownModel_counts() {
        CleanAccuracy accuracy = CleanAccuracy.of("m", MODEL, data(), RowChunks.of(5), Progress.NONE);
        assertThat(accuracy).isEqualTo(new CleanAccuracy("m", 10, 12));
        assertThat(accuracy.evidence().measurements()).hasSize(1);
    }

    @Test
    void robustAccuracy_knownDistances_givesExactCurveForAnyThreads() throws Exception {
        List<Double> epsilons = List.of(0.0, 0.1, 0.2, 0.5);
        Pgd attack = Pgd.of(Norm.LINF, 1).withSeed(new Seed(2));
        RobustAccuracy one =
                RobustAccuracy.of("m", MODEL, data(), attack, "pgd-40", epsilons, RowChunks.of(12), Progress.NONE);
        assertThat(one.robust()).containsExactly(10L, 9L, 8L, 5L);
        assertThat(one.findings()).isEmpty();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Evidence many = RobustAccuracy.of(
                            "m", MODEL, data(), attack, "pgd-40", epsilons, new RowChunks(2, threads), Progress.NONE)
                    .evidence();
            assertThat(many).isEqualTo(one.evidence());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void robustAccuracy_zeroGradients_areAFinding() {
        LinearClassifier flat = new LinearClassifier(new float[][] {{0}, {0}}, new float[] {0, 1}, SPEC);
        RobustAccuracy masked = RobustAccuracy.of(
                "m", flat, data(), Pgd.of(Norm.L2, 1), "pgd-40", List.of(0.1), RowChunks.of(12), Progress.NONE);
        assertThat(masked.findings())
                .singleElement()
                .satisfies(f -> assertThat(f.code()).isEqualTo("robust-accuracy.zero-gradient"));
    }

    @Test
    void robustAccuracy_badEpsilons_areRefused() {
        for (List<Double> bad : List.of(List.of(0.2, 0.1), List.of(-0.1), List.of(Double.NaN), List.of(0.1, 0.1))) {
            assertThatThrownBy(() -> RobustAccuracy.of(
                            "m", MODEL, data(), Pgd.of(Norm.L2, 1), "pgd", bad, RowChunks.of(12), Progress.NONE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("epsilons must be");
        }
    }

    @Test
    void cleanAccuracy_labelOutsideClasses_isRefused() {
        Labelled data = new Labelled(Batch.of(new float[1], SPEC.inputShape()), Targets.of(2));
        assertThatThrownBy(() -> CleanAccuracy.of("m", MODEL, data, RowChunks.of(1), Progress.NONE))
                .hasMessage("labels must be in [0, 1], was 2 at row 0");
    }
}
