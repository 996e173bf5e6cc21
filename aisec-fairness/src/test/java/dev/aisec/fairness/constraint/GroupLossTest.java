// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class GroupLossTest {
    private static final int ROWS = 12;
    private static final int CLASSES = 3;
    private static final float STEP = 1 / 64f;
    private final Targets targets = targets();
    private final Batch logits = logits();

    private static Targets targets() {
        int[] labels = new int[ROWS];
        double[] groups = new double[ROWS];
        for (int i = 0; i < ROWS; i++) {
            labels[i] = i % CLASSES;
            groups[i] = i % 5 == 0 ? 0 : 1 + i % 2;
        }
        return Targets.of(labels, Map.of("group", groups));
    }

    private static Batch logits() {
        RandomGenerator random = new Seed(4).generator(0);
        float[] z = new float[ROWS * CLASSES];
        for (int k = 0; k < z.length; k++) {
            // Multiples of 1/64 so that the differences below are exact.
            z[k] = random.nextInt(-128, 129) / 64f;
        }
        return Batch.of(z, Shape.of(CLASSES));
    }

    private double sum(Loss loss, float[] z) {
        return Arrays.stream(
                        values(loss, Batch.of(z, Shape.of(CLASSES)), targets).values())
                .sum();
    }

    private static LossValues values(Loss loss, Batch logits, Targets targets) {
        return loss.evaluate(logits, targets, PASS);
    }

    /** The losses here look at logits and targets only. */
    private static final Loss.Pass PASS = pass();

    private static Loss.Pass pass() {
        DifferentiableClassifier unused = new DifferentiableClassifier() {
            @Override
            public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
                throw new IllegalStateException("no second pass here");
            }

            @Override
            public Batch logits(Batch inputs) {
                throw new IllegalStateException("no second pass here");
            }

            @Override
            public ModelSpec spec() {
                return new ModelSpec(Shape.of(1), 2, Bounds.of(0, 1));
            }
        };
        return new Loss.Pass(unused, Batch.of(new float[1], Shape.of(1)));
    }

    private void checkGradient(Loss loss) {
        float[] cotangents = values(loss, logits, targets).cotangents().toArray();
        for (int k = 0; k < cotangents.length; k++) {
            double[] slopes = new double[2];
            for (int half = 0; half < 2; half++) {
                float step = half == 0 ? STEP : STEP / 2;
                float[] up = logits.toArray();
                float[] down = logits.toArray();
                up[k] += step;
                down[k] -= step;
                slopes[half] = (sum(loss, up) - sum(loss, down)) / (2 * step);
            }
            // Richardson: the error of the differences falls from h² to h⁴.
            double slope = (4 * slopes[1] - slopes[0]) / 3;
            assertThat(cotangents[k]).isCloseTo((float) slope, within((float) (2e-6 * (1 + Math.abs(slope)))));
        }
    }

    @Test
    void evaluate_prejudiceRemover_gradientAgreesWithDifferences() {
        checkGradient(PrejudiceRemoverLoss.of(2, 4));
    }

    @Test
    void evaluate_covariance_gradientAgreesWithDifferences() {
        checkGradient(CovarianceLoss.of(0.5, 4, 2));
    }

    @Test
    void evaluate_groupDroWithoutStep_gradientAgreesWithDifferences() {
        checkGradient(GroupDro.of(4).withStep(0).start());
    }

    @Test
    void evaluate_prejudiceRemover_isMutualInformation() {
        // Group 0 surely class 0, group 1 surely class 1: the information is ln 2 for each row.
        Batch sure = Batch.of(new float[] {50, 0, 50, 0, 0, 50, 0, 50}, Shape.of(2));
        Targets two = Targets.of(new int[] {0, 0, 1, 1}, Map.of("group", new double[] {0, 0, 1, 1}));
        Targets mixed = Targets.of(new int[] {0, 0, 1, 1}, Map.of("group", new double[] {0, 1, 0, 1}));

        double[] with = values(PrejudiceRemoverLoss.of(3, 2), sure, two).values();
        double[] without = values(PrejudiceRemoverLoss.of(3, 2), sure, mixed).values();

        for (int i = 0; i < 4; i++) {
            assertThat(with[i]).isCloseTo(3 * Math.log(2), within(1e-9));
            assertThat(without[i]).isCloseTo(0, within(1e-9));
        }
    }

    @Test
    void evaluate_covariance_isClosedForm() {
        Batch z = Batch.of(new float[] {0, 1, 0, 3, 0, -2, 0, 2}, Shape.of(2));
        Targets two = Targets.of(new int[4], Map.of("group", new double[] {0, 0, 1, 1}));

        double[] plain = values(new CrossEntropyLoss(), z, two).values();
        double[] with = values(CovarianceLoss.of(1, 2, 1), z, two).values();

        // d = 1, 3, −2, 2 with mean 1: cov of group 0 = (0 + 2)/4 = 1/2, of group 1 = −1/2.
        for (int i = 0; i < 4; i++) {
            assertThat(with[i] - plain[i]).isCloseTo(0.5, within(1e-12));
        }
    }

    @Test
    void evaluate_groupDro_weightsGrowWithTheLoss() {
        GroupDro.Online loss = GroupDro.of(3).withStep(1).start();
        Batch z = Batch.of(new float[] {0, 0, 4, 0, 4, 0}, Shape.of(2));
        Targets two = Targets.of(new int[] {0, 0, 0}, Map.of("group", new double[] {0, 1, 1}));
        double hard = Math.log(2);
        double easy = Math.log1p(Math.exp(-4));

        double[] values = values(loss, z, two).values();

        double total = Math.exp(hard) + Math.exp(easy) + 1;
        assertThat(loss.weights()[0]).isCloseTo(Math.exp(hard) / total, within(1e-12));
        assertThat(loss.weights()[1]).isCloseTo(Math.exp(easy) / total, within(1e-12));
        assertThat(loss.weights()[2]).isCloseTo(1 / total, within(1e-12));
        assertThat(values[0]).isCloseTo(3 * Math.exp(hard) / total * hard, within(1e-12));
        assertThat(values[1]).isCloseTo(3 * Math.exp(easy) / total * easy / 2, within(1e-12));
        for (int i = 0; i < 100_000; i++) {
            values(loss, z, two);
        }
        assertThat(loss.weights()[0]).isCloseTo(1, within(1e-12));
    }

    @Test
    void evaluate_noRowsOrExtremeLogits_staysFinite() {
        Batch none = Batch.of(new float[0], Shape.of(2));
        Targets nobody = Targets.of(new int[0], Map.of("group", new double[0]));
        Batch extreme = Batch.of(new float[] {3e38f, -3e38f, -3e38f, 3e38f}, Shape.of(2));
        Targets two = Targets.of(new int[] {0, 1}, Map.of("group", new double[] {0, 1}));

        assertThat(values(PrejudiceRemoverLoss.of(1, 2), none, nobody).values()).isEmpty();
        assertThat(values(CovarianceLoss.of(1, 2, 0), none, nobody).values()).isEmpty();
        assertThat(values(GroupDro.of(2).start(), none, nobody).values()).isEmpty();
        LossValues values = values(PrejudiceRemoverLoss.of(1, 2), extreme, two);
        assertThat(Arrays.stream(values.values())).allMatch(v -> Double.isFinite(v));
        for (float c : values.cotangents().toArray()) {
            assertThat(c).isFinite();
        }
    }

    @Test
    void evaluate_badGroupsOrParameters_areRefused() {
        Targets half = Targets.of(new int[] {0}, Map.of("group", new double[] {0.5}));
        Targets without = Targets.of(0);
        Batch z = Batch.of(new float[2], Shape.of(2));

        assertThatThrownBy(() -> values(PrejudiceRemoverLoss.of(1, 2), z, half))
                .hasMessage("column group must be whole and in [0, 2), row 0 was 0.5");
        assertThatThrownBy(() -> values(GroupDro.of(2).start(), z, without)).hasMessageContaining("was group");
        assertThatThrownBy(() -> values(CovarianceLoss.of(1, 2, 2), z, half))
                .hasMessage("favourable must be one of at least 2 classes, was 2 of 2");
        assertThatThrownBy(() -> PrejudiceRemoverLoss.of(Double.NaN, 2))
                .hasMessage("strength must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> GroupDro.of(0)).hasMessage("groups must be >= 1, was 0");
        assertThatThrownBy(() -> GroupDro.of(1).withStep(-1)).hasMessage("step must be >= 0 and finite, was -1.0");
    }
}
