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
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SparseRsTest {
    private static final int SIDE = 5;
    private static final ModelSpec IMAGES = new ModelSpec(Shape.of(3, SIDE, SIDE), 3, Bounds.of(0, 1));

    private static LinearClassifier images() {
        RandomGenerator random = new Seed(11).generator(0);
        float[][] weights = new float[3][3 * SIDE * SIDE];
        for (float[] row : weights) {
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return new LinearClassifier(weights, new float[3], IMAGES);
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(12).generator(0);
        float[] values = new float[rows * 3 * SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1f + 0.8f * random.nextFloat();
        }
        return Batch.wrap(values, IMAGES.inputShape());
    }

    @Test
    void perturb_blackBox_neverExceedsFeaturesNorQueriesAndReportsThemExactly() {
        BlackBox model = new BlackBox(images());
        Batch inputs = inputs(60);
        Goal goal = Goal.avoid(images().predict(inputs));
        AttackResult result = model.attackedBy(SparseRs.of(4).withQueries(200), inputs, goal);
        // One call for each iteration, whatever the number of rows; besides, the inputs and the confirmation.
        assertThat(model.calls).isLessThanOrEqualTo(202);
        for (int i = 0; i < 60; i++) {
            AttackResult.Row row = result.rows().get(i);
            boolean broken = row.status() == AttackResult.Status.SUCCEEDED;
            assertThat(row.queries()).isLessThanOrEqualTo(broken ? 202 : 201);
            assertThat(changed(result.samples().row(i), inputs.row(i))).isLessThanOrEqualTo(4);
            for (int j = 0; j < 3 * SIDE * SIDE; j++) {
                float value = result.samples().get(i, j);
                assertThat(value == inputs.get(i, j) || value == 0 || value == 1)
                        .isTrue();
            }
        }
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isPositive();
        assertThat(result.count(AttackResult.Status.FAILED)).isPositive();
    }

    /** Of a linear model the best k features are known: those whose ends move the margin most. */
    @Test
    void perturb_linearModel_findsNearlyAllRowsThatCanBeBroken() {
        RandomGenerator random = new Seed(3).generator(0);
        int n = 30;
        int k = 2;
        float[] w = new float[n];
        for (int j = 0; j < n; j++) {
            w[j] = (float) random.nextGaussian();
        }
        ModelSpec spec = new ModelSpec(Shape.of(n), 2, Bounds.of(-1, 1));
        LinearClassifier model = new LinearClassifier(new float[][] {new float[n], w}, new float[2], spec);
        int rows = 200;
        float[] x = new float[rows * n];
        for (int i = 0; i < x.length; i++) {
            x[i] = 2 * random.nextFloat() - 1;
        }
        Batch inputs = Batch.wrap(x, spec.inputShape());
        int[] labels = model.predict(inputs);
        AttackResult result = SparseRs.of(k).withQueries(3000).perturb(model, inputs, Goal.avoid(labels));
        int possible = 0;
        int broken = 0;
        for (int i = 0; i < rows; i++) {
            double margin = 0;
            double[] gain = new double[n];
            for (int j = 0; j < n; j++) {
                double signed = labels[i] == 1 ? w[j] : -w[j];
                margin += signed * inputs.get(i, j);
                gain[j] = Math.max(signed * (inputs.get(i, j) + 1), signed * (inputs.get(i, j) - 1));
            }
            Arrays.sort(gain);
            double most = gain[n - 1] + gain[n - 2];
            boolean success = result.rows().get(i).status() == AttackResult.Status.SUCCEEDED;
            if (most < margin - 1e-4) {
                assertThat(success).isFalse();
            }
            possible += most > margin + 1e-4 ? 1 : 0;
            broken += success ? 1 : 0;
        }
        assertThat(possible).isBetween(50, 190);
        assertThat(broken).isGreaterThanOrEqualTo(possible * 95 / 100);
    }

    @Test
    void perturb_wholePixels_changesNoMoreThanTheBudgetHolds() {
        Batch inputs = inputs(40);
        int[] target = images().predict(inputs);
        for (int i = 0; i < target.length; i++) {
            target[i] = (target[i] + 1) % 3;
        }
        AttackResult result = SparseRs.of(8)
                .withPixels()
                .withQueries(400)
                .withSeed(new Seed(5))
                .perturb(images(), inputs, Goal.reach(target));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isPositive();
        int[] reached = images().predict(result.samples());
        for (int i = 0; i < 40; i++) {
            int pixels = 0;
            for (int s = 0; s < SIDE * SIDE; s++) {
                boolean moved = false;
                for (int c = 0; c < 3; c++) {
                    int j = c * SIDE * SIDE + s;
                    moved |= result.samples().get(i, j) != inputs.get(i, j);
                }
                pixels += moved ? 1 : 0;
            }
            assertThat(pixels).isLessThanOrEqualTo(2);
            assertThat(result.rows().get(i).status() == AttackResult.Status.SUCCEEDED)
                    .isEqualTo(reached[i] == target[i]);
        }
    }

    @Test
    void perturb_asManyFeaturesAsThereAre_drawsEndsAgain() {
        Batch inputs = AttackContractTest.inputs(20);
        int[] labels = AttackContractTest.model().predict(inputs);
        AttackResult result =
                SparseRs.of(100).withQueries(50).perturb(AttackContractTest.model(), inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isGreaterThan(15);
    }

    /** The authors' schedule for 10,000 queries, α from 0.3 and k = 1,000. */
    @Test
    void moved_iterations_followTheSchedule() {
        int[] iterations = {1, 50, 51, 201, 501, 1001, 2001, 4001, 6001, 8001, 9999};
        int[] expected = {150, 150, 75, 60, 50, 37, 30, 25, 20, 15, 15};
        for (int i = 0; i < iterations.length; i++) {
            assertThat(SparseRs.moved(0.3, 1000, iterations[i], 10_000)).isEqualTo(expected[i]);
        }
        assertThat(SparseRs.moved(0.3, 2, 9999, 10_000)).isEqualTo(1);
    }

    @Test
    void of_badParameters_namesParameterRuleValue() {
        assertThatThrownBy(() -> SparseRs.of(0)).hasMessage("features must be >= 1, was 0");
        assertThatThrownBy(() -> SparseRs.of(1).withQueries(0)).hasMessage("queries must be >= 1, was 0");
        assertThatThrownBy(() -> new SparseRs(1, false, 1, Double.NaN, new Seed(0)))
                .hasMessage("startShare must be in (0, 1], was NaN");
        assertThatThrownBy(() -> SparseRs.of(1).withEpsilon(1.5))
                .hasMessage("epsilon must be a whole number of features >= 1 in L0, was 1.5");
        assertThatThrownBy(() -> SparseRs.of(2)
                        .withPixels()
                        .perturb(images(), inputs(1), Goal.avoid(images().predict(inputs(1)))))
                .hasMessage("features must be >= 3, the channels of a pixel, was 2");
        assertThatThrownBy(() -> SparseRs.of(2)
                        .withPixels()
                        .perturb(AttackContractTest.model(), AttackContractTest.inputs(1), Goal.avoid(0)))
                .hasMessageContaining("inputs must have shape [channels, height, width]");
        ModelSpec unbounded = new ModelSpec(Shape.of(2), 2, Bounds.of(0, Float.POSITIVE_INFINITY));
        LinearClassifier model = new LinearClassifier(new float[2][2], new float[2], unbounded);
        assertThatThrownBy(() -> SparseRs.of(1).perturb(model, Batch.of(new float[2], Shape.of(2)), Goal.avoid(0)))
                .hasMessage("bounds of the model must be finite, were 0.0 and Infinity at feature 0");
    }

    static int changed(float[] a, float[] b) {
        int count = 0;
        for (int i = 0; i < a.length; i++) {
            count += a[i] != b[i] ? 1 : 0;
        }
        return count;
    }
}
