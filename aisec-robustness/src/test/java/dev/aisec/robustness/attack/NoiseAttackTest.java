// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The baselines: additive noise, and salt and pepper. */
class NoiseAttackTest {
    @Test
    void perturb_blackBox_reportsQueriesExactlyAndNoMoreThanDraws() {
        Batch inputs = AttackContractTest.inputs(100);
        Goal goal = Goal.avoid(AttackContractTest.model().predict(inputs));
        for (NoiseAttack attack : List.of(
                NoiseAttack.of(Norm.LINF, 0.3), NoiseAttack.of(Norm.L2, 0.6).withSeed(new Seed(3)))) {
            BlackBox model = new BlackBox(AttackContractTest.model());
            AttackResult result = model.attackedBy(attack.withDraws(20), inputs, goal);
            assertThat(model.calls).isLessThanOrEqualTo(22);
            for (AttackResult.Row row : result.rows()) {
                assertThat(row.queries()).isLessThanOrEqualTo(22);
                if (row.status() == AttackResult.Status.FAILED) {
                    assertThat(row.queries()).isEqualTo(21);
                }
            }
            assertThat(result.count(AttackResult.Status.SUCCEEDED)).isPositive();
            assertThat(result.count(AttackResult.Status.FAILED)).isPositive();
        }
    }

    /** Far from the bounds nothing is cut: the length is ε. */
    @Test
    void perturb_wideBounds_hasLengthEpsilon() {
        ModelSpec spec = new ModelSpec(Shape.of(8), 2, Bounds.of(-100, 100));
        LinearClassifier flat = new LinearClassifier(new float[2][8], new float[] {1, 0}, spec);
        Batch input = Batch.of(new float[8], spec.inputShape());
        for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
            for (NoiseAttack.Noise noise : NoiseAttack.Noise.values()) {
                AttackResult result = NoiseAttack.of(norm, 3).withNoise(noise).perturb(flat, input, Goal.avoid(0));
                assertThat(result.rows().get(0).distance()).isCloseTo(3, within(1e-5));
            }
        }
        assertThatThrownBy(() -> NoiseAttack.of(Norm.L0, 1)).hasMessageStartingWith("norm must be L1, L2 or LINF");
        assertThatThrownBy(() -> NoiseAttack.of(Norm.L2, -1)).hasMessage("epsilon must be > 0 and finite, was -1.0");
        assertThatThrownBy(() -> NoiseAttack.of(Norm.L2, 1).withDraws(0)).hasMessage("draws must be >= 1, was 0");
    }

    /** Class 1 wins from 40 white pixels of 100 on: only salt helps, and the share of it is known. */
    @Test
    void saltAndPepper_countingModel_needsNoPixelFewer() {
        ModelSpec spec = new ModelSpec(Shape.of(2, 10, 10), 2, Bounds.of(0, 1));
        float[] ones = new float[200];
        Arrays.fill(ones, 1);
        LinearClassifier counts =
                new LinearClassifier(new float[][] {new float[200], ones}, new float[] {79.5f, 0}, spec);
        float[] x = new float[50 * 200];
        Arrays.fill(x, 0.02f);
        Batch inputs = Batch.wrap(x, spec.inputShape());
        BlackBox model = new BlackBox(counts);
        AttackResult result = model.attackedBy(new SaltAndPepper(10, 3, new Seed(2)), inputs, Goal.avoid(new int[50]));
        int most = 0;
        for (int i = 0; i < 50; i++) {
            AttackResult.Row row = result.rows().get(i);
            if (row.status() == AttackResult.Status.SUCCEEDED) {
                int white = 0;
                int changed = 0;
                for (int s = 0; s < 100; s++) {
                    float value = result.samples().get(i, s);
                    assertThat(value).isEqualTo(result.samples().get(i, 100 + s));
                    white += value == 1 ? 1 : 0;
                    changed += value != 0.02f ? 1 : 0;
                }
                double logit = 2 * white + 2 * 0.02 * (100 - changed);
                assertThat(row.distance()).isEqualTo(2 * changed);
                // Without its last pixel, which was salt, it does not break.
                assertThat(logit).isBetween(79.5 - 1e-3, 79.5 + 2);
                most++;
            }
            // Ten steps, four bisections each of three times, the first question of two more orders, input and end.
            assertThat(row.queries()).isLessThanOrEqualTo(30 + 12 + 2 + 2 + 12);
        }
        assertThat(most).isGreaterThan(40);
    }

    @Test
    void saltAndPepper_otherCut_givesSameRows() {
        Batch inputs = AttackContractTest.inputs(40);
        float[] before = inputs.toArray();
        int[] labels = AttackContractTest.model().predict(inputs);
        SaltAndPepper attack = SaltAndPepper.standard().withSeed(new Seed(9));
        AttackResult whole = attack.perturb(AttackContractTest.model(), inputs, Goal.avoid(labels));
        AttackResult part = attack.perturb(
                AttackContractTest.model(), inputs.rows(13, 40), Goal.avoid(Arrays.copyOfRange(labels, 13, 40)));
        assertThat(inputs.toArray()).isEqualTo(before);
        assertThat(part.samples()).isEqualTo(whole.samples().rows(13, 40));
        assertThat(part.rows()).isEqualTo(whole.rows().subList(13, 40));
        assertThat(whole.count(AttackResult.Status.SUCCEEDED)).isPositive();
        for (int i = 0; i < 40; i++) {
            assertThat(SparseRsTest.changed(whole.samples().row(i), inputs.row(i)))
                    .isEqualTo((int) whole.rows().get(i).distance());
        }
        assertThatThrownBy(() -> new SaltAndPepper(0, 1, new Seed(0))).hasMessageContaining("were 0 and 1");
    }
}
