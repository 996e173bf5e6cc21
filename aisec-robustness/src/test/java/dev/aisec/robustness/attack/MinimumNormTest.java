// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Minimum-norm attacks on linear models, where the true distance is known in closed form. */
class MinimumNormTest {
    private static final int N = 12;
    private static final int ROWS = 60;

    static Stream<Arguments> all() {
        return Stream.of(
                Arguments.of(DeepFool.of(Norm.L2), 1.03),
                Arguments.of(DeepFool.of(Norm.LINF), 1.03),
                Arguments.of(Fab.of(Norm.L1), 1.01),
                Arguments.of(Fab.of(Norm.L2), 1.01),
                Arguments.of(Fab.of(Norm.LINF), 1.01),
                Arguments.of(new Ddn(500, 1, 0.05), 1.05),
                Arguments.of(new Fmn(Norm.L1, 500), 1.05),
                Arguments.of(new Fmn(Norm.L2, 500), 1.05),
                Arguments.of(new Fmn(Norm.LINF, 500), 1.05),
                Arguments.of(new CarliniWagner(9, 1000, 1e-3, 0.01, 0), 1.05));
    }

    private static LinearClassifier model(Bounds bounds) {
        RandomGenerator random = new Seed(4).generator(0);
        float[][] weights = new float[3][N];
        float[] bias = new float[3];
        for (float[] row : weights) {
            for (int j = 0; j < N; j++) {
                // Large logits, so that cross-entropy sees the nearest two classes only.
                row[j] = (float) (8 * random.nextGaussian());
            }
        }
        return new LinearClassifier(weights, bias, new ModelSpec(Shape.of(N), 3, bounds));
    }

    private static Batch inputs() {
        RandomGenerator random = new Seed(9).generator(0);
        float[] values = new float[ROWS * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return Batch.wrap(values, Shape.of(N));
    }

    /** min over classes of (z_y − z_c) / ‖w_y − w_c‖_q. */
    private static double distance(LinearClassifier model, Batch inputs, int row, int label, Norm norm) {
        double nearest = Double.POSITIVE_INFINITY;
        for (int c = 0; c < 3; c++) {
            if (c == label) {
                continue;
            }
            int other = c;
            Batch one = inputs.select(row);
            Batch z = model.logits(one);
            float[] w = model.gradient(one, logits -> {
                        float[] cotangent = new float[3];
                        cotangent[label] = 1;
                        cotangent[other] = -1;
                        return Batch.wrap(cotangent, logits.shape());
                    })
                    .gradient()
                    .row(0);
            double dual = 0;
            for (float v : w) {
                dual = switch (norm) {
                    case L2 -> dual + (double) v * v;
                    case LINF -> dual + Math.abs(v);
                    default -> Math.max(dual, Math.abs(v));
                };
            }
            dual = norm == Norm.L2 ? Math.sqrt(dual) : dual;
            nearest = Math.min(nearest, (z.get(0, label) - z.get(0, c)) / dual);
        }
        return nearest;
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_linearModel_findsTheTrueDistance(MinimumNormAttack<DifferentiableClassifier> attack, double factor) {
        LinearClassifier model = model(Bounds.of(-3, 4));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult result = attack.perturb(model, inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(ROWS);
        for (int i = 0; i < ROWS; i++) {
            double truth = distance(model, inputs, i, labels[i], attack.norm());
            assertThat(result.rows().get(i).distance())
                    .as("row %d", i)
                    .isBetween(truth * (1 - 1e-5), truth * factor + 1e-3);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_tightBounds_staysInsideAndSucceedsOften(
            MinimumNormAttack<DifferentiableClassifier> attack, double factor) {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult result = attack.perturb(model, inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isGreaterThan(ROWS * 9 / 10);
        for (float v : result.samples().toArray()) {
            assertThat(v).isBetween(0f, 1f);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_target_reachesItMostly(MinimumNormAttack<DifferentiableClassifier> attack, double factor) {
        LinearClassifier model = model(Bounds.of(-3, 4));
        Batch inputs = inputs();
        int[] targets =
                Arrays.stream(model.predict(inputs)).map(c -> (c + 1) % 3).toArray();
        AttackResult result = attack.perturb(model, inputs, Goal.reach(targets));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isGreaterThanOrEqualTo(ROWS * 3 / 4);
    }
}
