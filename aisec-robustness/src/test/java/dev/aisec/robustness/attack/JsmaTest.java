// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class JsmaTest {
    private static final int N = 25;
    private static final int CLASSES = 4;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), CLASSES, Bounds.of(0, 1));

    private static float[][] weights() {
        RandomGenerator random = new Seed(21).generator(0);
        float[][] weights = new float[CLASSES][N];
        for (float[] row : weights) {
            for (int j = 0; j < N; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return weights;
    }

    /** So that the goal is far: target 0 is reached late, or never. */
    private static LinearClassifier model() {
        return new LinearClassifier(weights(), new float[] {-8, 0, 0, 0}, SPEC);
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(22).generator(0);
        float[] values = new float[rows * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 7 == 0 ? 1 : i % 7 == 1 ? 0 : random.nextFloat();
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    /** α of the target and −β of the others, as the paper defines them, along the sign of θ. */
    private static double[][] slopes(int sign) {
        double[][] slopes = new double[2][N];
        float[][] w = weights();
        for (int j = 0; j < N; j++) {
            slopes[0][j] = sign * w[0][j];
            for (int c = 1; c < CLASSES; c++) {
                slopes[1][j] -= sign * (double) w[c][j];
            }
        }
        return slopes;
    }

    /** In a linear model the map never changes, so the order of the pairs is known by trying all. */
    @Test
    void perturb_linearModelPairs_movesTheMostSalientOnes() {
        for (int sign : new int[] {1, -1}) {
            double[][] slopes = slopes(sign);
            Batch inputs = inputs(40);
            int[] targets = new int[40];
            AttackResult result = Jsma.of(7).withTheta(sign).perturb(model(), inputs, Goal.reach(targets));
            for (int i = 0; i < 40; i++) {
                Set<Integer> domain = new HashSet<>();
                for (int j = 0; j < N; j++) {
                    if (inputs.get(i, j) != (sign > 0 ? 1 : 0)) {
                        domain.add(j);
                    }
                }
                List<Set<Integer>> prefixes = new ArrayList<>();
                Set<Integer> moved = new HashSet<>();
                for (int step = 0; step < 3; step++) {
                    int[] best = {-1, -1};
                    double most = 0;
                    for (int p : domain) {
                        for (int q : domain) {
                            double alpha = slopes[0][p] + slopes[0][q];
                            double beta = slopes[1][p] + slopes[1][q];
                            if (p < q && alpha > 0 && beta > 0 && alpha * beta > most) {
                                most = alpha * beta;
                                best = new int[] {p, q};
                            }
                        }
                    }
                    if (best[0] >= 0) {
                        for (int f : best) {
                            moved.add(f);
                            domain.remove(f);
                        }
                    }
                    prefixes.add(new HashSet<>(moved));
                }
                Set<Integer> changed = new HashSet<>();
                for (int j = 0; j < N; j++) {
                    if (result.samples().get(i, j) != inputs.get(i, j)) {
                        assertThat(result.samples().get(i, j)).isEqualTo(sign > 0 ? 1 : 0);
                        changed.add(j);
                    }
                }
                if (result.rows().get(i).status() == AttackResult.Status.FAILED) {
                    // An odd budget: the seventh feature has no partner.
                    assertThat(changed).isEqualTo(prefixes.get(2));
                } else {
                    assertThat(prefixes).contains(changed);
                }
                // Two forward and backward passes a step, and the input; then the end is asked about, and a success
                // twice.
                assertThat(result.rows().get(i).queries()).isLessThanOrEqualTo(1 + 6 + 1 + 1);
                assertThat(result.rows().get(i).gradients()).isLessThanOrEqualTo(6);
            }
        }
    }

    @Test
    void perturb_linearModelSingles_movesTheMostSalientOnes() {
        double[][] slopes = slopes(1);
        Batch inputs = inputs(40);
        AttackResult result = Jsma.of(3).withSingles().perturb(model(), inputs, Goal.reach(new int[40]));
        int failed = 0;
        for (int i = 0; i < 40; i++) {
            if (result.rows().get(i).status() != AttackResult.Status.FAILED) {
                continue;
            }
            failed++;
            double least = Double.POSITIVE_INFINITY;
            double left = 0;
            for (int j = 0; j < N; j++) {
                double saliency = slopes[0][j] > 0 && slopes[1][j] > 0 ? slopes[0][j] * slopes[1][j] : 0;
                if (result.samples().get(i, j) != inputs.get(i, j)) {
                    least = Math.min(least, saliency);
                } else if (inputs.get(i, j) < 1) {
                    left = Math.max(left, saliency);
                }
            }
            assertThat(least).isGreaterThan(left);
        }
        assertThat(failed).isGreaterThan(10);
    }

    @Test
    void perturb_smallSteps_staysWithinTheBudgetOfFeatures() {
        LinearClassifier model = new LinearClassifier(weights(), new float[CLASSES], SPEC);
        Batch inputs = inputs(100);
        Goal goal = Goal.avoid(model.predict(inputs));
        for (int features : new int[] {1, 2, 3, 5}) {
            for (Jsma attack : List.of(Jsma.of(features), Jsma.of(features).withSingles())) {
                AttackResult result = attack.withTheta(0.15).perturb(model, inputs, goal);
                for (int i = 0; i < 100; i++) {
                    assertThat(SparseRsTest.changed(result.samples().row(i), inputs.row(i)))
                            .isLessThanOrEqualTo(features);
                }
                // One feature makes no pair.
                assertThat(result.count(AttackResult.Status.SUCCEEDED) > 0).isEqualTo(features > 1 || !attack.pairs());
            }
        }
    }

    @Test
    void perturb_flatModel_stopsAfterOneLook() {
        LinearClassifier flat = new LinearClassifier(new float[CLASSES][N], new float[] {1, 0, 0, 0}, SPEC);
        AttackResult.Row row =
                Jsma.of(4).perturb(flat, inputs(1), Goal.avoid(0)).rows().get(0);
        assertThat(row).isEqualTo(new AttackResult.Row(AttackResult.Status.FAILED, 0, 3, 2, 2));
    }

    @Test
    void of_badParameters_namesParameterRuleValue() {
        assertThat(Jsma.share(0.145, new ModelSpec(Shape.of(1, 28, 28), 10, Bounds.of(0, 1))))
                .isEqualTo(Jsma.of(113));
        assertThatThrownBy(() -> Jsma.of(0)).hasMessage("features must be >= 1, was 0");
        assertThatThrownBy(() -> Jsma.of(1).withTheta(0)).hasMessage("theta must be finite and not 0, was 0.0");
        assertThatThrownBy(() -> Jsma.of(1).withTheta(Double.NaN)).hasMessageEndingWith("was NaN");
        assertThatThrownBy(() -> Jsma.share(0, SPEC)).hasMessage("gamma must be in (0, 1], was 0.0");
        assertThatThrownBy(() -> Jsma.of(1).withEpsilon(0.5)).hasMessageEndingWith("was 0.5");
    }
}
