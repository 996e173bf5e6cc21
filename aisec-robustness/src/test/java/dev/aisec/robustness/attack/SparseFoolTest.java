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

class SparseFoolTest {
    private static final int N = 30;

    private static float[] weights() {
        RandomGenerator random = new Seed(51).generator(0);
        float[] w = new float[N];
        for (int j = 0; j < N; j++) {
            w[j] = (float) random.nextGaussian();
        }
        return w;
    }

    private static LinearClassifier line(float bound) {
        ModelSpec spec = new ModelSpec(Shape.of(N), 2, Bounds.of(-bound, bound));
        return new LinearClassifier(new float[][] {new float[N], weights()}, new float[2], spec);
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(52).generator(0);
        float[] values = new float[rows * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return Batch.wrap(values, Shape.of(N));
    }

    /** Where the bounds are far, one feature is enough: that with the largest weight. */
    @Test
    void perturb_linearModelFarBounds_changesTheLargestWeight() {
        LinearClassifier model = line(1e4f);
        Batch inputs = inputs(50);
        AttackResult result = SparseFool.standard().perturb(model, inputs, Goal.avoid(model.predict(inputs)));
        float[] w = weights();
        int largest = 0;
        for (int j = 0; j < N; j++) {
            largest = Math.abs(w[j]) > Math.abs(w[largest]) ? j : largest;
        }
        for (int i = 0; i < 50; i++) {
            assertThat(result.rows().get(i).status()).isEqualTo(AttackResult.Status.SUCCEEDED);
            assertThat(result.rows().get(i).distance()).isEqualTo(1);
            assertThat(result.samples().get(i, largest)).isNotEqualTo(inputs.get(i, largest));
        }
    }

    /** Inside bounds the fewest features are known: those whose ends move the margin most. */
    @Test
    void perturb_linearModelNearBounds_needsFewFeaturesMoreThanTheFewest() {
        LinearClassifier model = line(1);
        Batch inputs = inputs(200);
        int[] labels = model.predict(inputs);
        AttackResult result = SparseFool.standard().withLambda(1).perturb(model, inputs, Goal.avoid(labels));
        float[] w = weights();
        int extra = 0;
        for (int i = 0; i < 200; i++) {
            double margin = 0;
            double[] gain = new double[N];
            for (int j = 0; j < N; j++) {
                double signed = labels[i] == 1 ? w[j] : -w[j];
                margin += signed * inputs.get(i, j);
                gain[j] = Math.max(signed * (inputs.get(i, j) + 1), signed * (inputs.get(i, j) - 1));
            }
            Arrays.sort(gain);
            int fewest = 0;
            for (double left = margin; left > 1e-5; fewest++) {
                left -= gain[N - 1 - fewest];
            }
            assertThat(result.rows().get(i).status()).isEqualTo(AttackResult.Status.SUCCEEDED);
            int changed = SparseRsTest.changed(result.samples().row(i), inputs.row(i));
            assertThat(changed).isEqualTo((int) result.rows().get(i).distance()).isGreaterThanOrEqualTo(fewest);
            extra += changed - fewest;
        }
        assertThat(extra).isLessThan(200);
    }

    @Test
    void perturb_severalClasses_staysInsideBoundsAndGivesSameRowsForAnotherCut() {
        LinearClassifier model = AttackContractTest.model();
        Batch inputs = AttackContractTest.inputs(60);
        float[] before = inputs.toArray();
        int[] labels = model.predict(inputs);
        AttackResult whole = SparseFool.standard().perturb(model, inputs, Goal.avoid(labels));
        assertThat(inputs.toArray()).isEqualTo(before);
        assertThat(whole.count(AttackResult.Status.SUCCEEDED)).isEqualTo(60);
        for (float value : whole.samples().toArray()) {
            assertThat(value).isBetween(0f, 1f);
        }
        int[] now = model.predict(whole.samples());
        double sum = 0;
        for (int i = 0; i < 60; i++) {
            assertThat(now[i]).isNotEqualTo(labels[i]);
            assertThat(whole.rows().get(i).queries())
                    .isGreaterThan(whole.rows().get(i).gradients());
            sum += whole.rows().get(i).distance();
        }
        // The fewest, as a long search by SparseRs shows, are 1.65 on average; salt and pepper needs 5.
        assertThat(sum / 60).isLessThan(2.3);
        double plain = SaltAndPepper.standard().perturb(model, inputs, Goal.avoid(labels)).rows().stream()
                .mapToDouble(AttackResult.Row::distance)
                .sum();
        assertThat(sum).isLessThan(plain / 2);
        // A plane far behind the boundary costs features.
        double far = SparseFool.standard().withLambda(3).perturb(model, inputs, Goal.avoid(labels)).rows().stream()
                .mapToDouble(AttackResult.Row::distance)
                .sum();
        assertThat(far).isGreaterThan(sum);
        AttackResult part = SparseFool.standard()
                .perturb(model, inputs.rows(20, 60), Goal.avoid(Arrays.copyOfRange(labels, 20, 60)));
        assertThat(part.samples()).isEqualTo(whole.samples().rows(20, 60));
        assertThat(part.rows()).isEqualTo(whole.rows().subList(20, 60));
        assertThat(SparseFool.standard()
                        .perturb(model, inputs.rows(0, 0), Goal.avoid())
                        .rows())
                .isEmpty();
    }

    /** Rows cross their boundaries at different steps: none may depend on the others. */
    @Test
    void perturb_hillyLoss_givesSameRowsOneByOneAndFewFeatures() {
        ApgdTest.Hills model = new ApgdTest.Hills();
        RandomGenerator random = new Seed(53).generator(0);
        float[] values = new float[40 * ApgdTest.Hills.N];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        Batch inputs = Batch.wrap(values, model.spec().inputShape());
        int[] labels = model.predict(inputs);
        AttackResult whole = SparseFool.standard().perturb(model, inputs, Goal.avoid(labels));
        for (int i = 0; i < 40; i++) {
            AttackResult one = SparseFool.standard().perturb(model, inputs.rows(i, i + 1), Goal.avoid(labels[i]));
            assertThat(one.rows().get(0)).isEqualTo(whole.rows().get(i));
            assertThat(one.samples().row(0)).isEqualTo(whole.samples().row(i));
            // Hardly any row is left with the point of DeepFool, which changes all features.
            assertThat(whole.rows().get(i).status()).isEqualTo(AttackResult.Status.SUCCEEDED);
        }
        assertThat(whole.rows().stream().filter(r -> r.distance() <= 3).count()).isGreaterThanOrEqualTo(36);
    }

    @Test
    void perturb_flatModel_failsAndSaysThatGradientsWereZero() {
        ModelSpec spec = new ModelSpec(Shape.of(N), 3, Bounds.of(-1, 1));
        LinearClassifier flat = new LinearClassifier(new float[3][N], new float[] {1, 0, 0}, spec);
        AttackResult result = SparseFool.standard().perturb(flat, inputs(2), Goal.avoid(0, 0));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(2);
        assertThat(result.samples()).isEqualTo(inputs(2));
        assertThat(result.rows().get(0).zeroGradients())
                .isEqualTo(result.rows().get(0).gradients())
                .isPositive();
    }

    @Test
    void sparseFool_badParameters_namesParameterRuleValue() {
        assertThatThrownBy(() -> SparseFool.standard().withLambda(0.5))
                .hasMessage("lambda must be >= 1 and finite, was 0.5");
        assertThatThrownBy(() -> new SparseFool(1, 0, 2)).hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> new SparseFool(1, 1, 1)).hasMessage("classes must be >= 2, was 1");
        assertThatThrownBy(() -> SparseFool.standard().perturb(line(1), inputs(1), Goal.reach(0)))
                .hasMessageStartingWith("goal must be to avoid labels");
    }
}
