// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
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
import dev.aisec.robustness.smoothing.SequentialSmoothing.Decision;
import dev.aisec.robustness.smoothing.SequentialSmoothing.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SequentialSmoothingTest {
    private static final int N = 4;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 2, Bounds.of(-9, 9));
    /** The true radius of x is |x_0|. */
    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{-1, 0, 0, 0}, {1, 0, 0, 0}}, new float[2], SPEC);

    private static Batch at(double... first) {
        float[] values = new float[first.length * N];
        for (int i = 0; i < first.length; i++) {
            values[i * N] = (float) first[i];
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    @Test
    void decide_clearCases_areDecidedByFewCopies() {
        List<Decision> decisions = SequentialSmoothing.of(0.5, 0.5).decide(MODEL, at(-2, 0.9, 0.2, -0.1));
        assertThat(decisions)
                .extracting(Decision::outcome)
                .containsExactly(Outcome.CERTIFIED, Outcome.CERTIFIED, Outcome.EXCLUDED, Outcome.EXCLUDED);
        assertThat(decisions.get(0).label()).isZero();
        assertThat(decisions.get(1).label()).isOne();
        for (Decision d : decisions) {
            assertThat(d.samples()).isLessThan(1000);
            assertThat(d.queries()).isEqualTo(d.samples() + 100);
            assertThat(d.lower()).isLessThan((double) d.hits() / d.samples());
            assertThat(d.upper()).isGreaterThanOrEqualTo((double) d.hits() / d.samples());
        }
    }

    @Test
    void decide_exactlyAtTheRadius_staysUndecidedWithinTheBudget() {
        Decision d = SequentialSmoothing.of(0.5, 0.5)
                .withSamples(5000)
                .decide(MODEL, at(0.5))
                .get(0);
        assertThat(d.outcome()).isEqualTo(Outcome.UNDECIDED);
        assertThat(d.samples()).isEqualTo(5000);
    }

    /**
     * 600 examples whose radius is just the one asked about: either wrong answer has probability at most α = 0.05 each. More than
     * 67 of 600 have probability below 1e-9.
     */
    @Test
    void decide_hypothesisJustTrue_errsRarely() {
        double[] first = new double[600];
        Arrays.fill(first, 0.5);
        List<Decision> decisions = SequentialSmoothing.of(0.5, 0.5)
                .withAlpha(0.05)
                .withSamples(2000)
                .withSeed(new Seed(3))
                .decide(MODEL, at(first));
        for (Outcome wrong : List.of(Outcome.CERTIFIED, Outcome.EXCLUDED)) {
            assertThat(decisions).filteredOn(d -> d.outcome() == wrong).hasSizeLessThanOrEqualTo(67);
        }
    }

    @Test
    void decide_otherBatchOrSelection_givesSameAnswers() {
        SequentialSmoothing smoothing = SequentialSmoothing.of(0.5, 0.4).withSamples(3000);
        Batch inputs = at(0.3, 0.6, -0.5, 1);
        List<Decision> whole = smoothing.decide(MODEL, inputs);
        assertThat(smoothing.withBatch(7).decide(MODEL, inputs)).isEqualTo(whole);
        assertThat(smoothing.decide(MODEL, inputs.rows(2, 3))).containsExactly(whole.get(2));
        assertThat(smoothing.decide(MODEL, inputs.select(3, 0))).containsExactly(whole.get(3), whole.get(0));
    }

    @Test
    void of_configurationThatCannotCertify_isRefusedWithTheSmallest() {
        assertThatThrownBy(() -> SequentialSmoothing.of(0.5, 0.5).withSamples(20))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("samples must be >= 5");
        assertThatThrownBy(() -> SequentialSmoothing.of(0.5, 50)).hasMessageContaining("radius must be a few sigma");
        assertThatThrownBy(() -> SequentialSmoothing.of(Double.NaN, 1)).hasMessageContaining("was NaN");
        assertThatThrownBy(() -> SequentialSmoothing.of(0.5, 0.5).familyWise(0)).hasMessageContaining("was 0");
        assertThat(SequentialSmoothing.of(0.5, 0.5).familyWise(500).alpha()).isEqualTo(2e-6);
    }

    @Test
    void accuracy_examples_countsRightAndCertified() {
        double[] first = new double[40];
        int[] labels = new int[40];
        for (int i = 0; i < 40; i++) {
            first[i] = i % 4 == 0 ? 0.1 : 1.5;
            labels[i] = i % 10 == 1 ? 0 : 1;
        }
        SequentialAccuracy result = SequentialAccuracy.of(
                "m",
                MODEL,
                new Labelled(at(first), Targets.of(labels)),
                SequentialSmoothing.of(0.5, 0.5),
                RowChunks.of(7),
                Progress.NONE);
        // 30 of 40 are far enough; of these 1, 11, 21 and 31 have another label, none of them a multiple of 4.
        assertThat(result.certified()).isEqualTo(26);
        assertThat(result.undecided()).isZero();
        assertThat(result.meanQueries()).isInstanceOf(Estimate.Measured.class);
        assertThat(result.evidence().measurements()).hasSize(3);
    }
}
