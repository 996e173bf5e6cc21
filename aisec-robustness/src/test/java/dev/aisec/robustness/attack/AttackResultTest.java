// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttackResultTest {
    private static AttackResult.Row row(AttackResult.Status status) {
        return new AttackResult.Row(status, 0, 1, 1, 0);
    }

    @Test
    void distances_knownChange_areThoseOfEachNorm() {
        // Rows inside a larger batch: offsets count. All numbers are exact in float.
        Batch inputs =
                Batch.of(new float[] {9, 9, 9, 1, 2, 3, 0, 0, 0}, Shape.of(3)).rows(1, 3);
        AttackResult result = new AttackResult(
                Batch.of(new float[] {4, 2, -1, 0, 0, 0}, Shape.of(3)),
                List.of(row(AttackResult.Status.SUCCEEDED), row(AttackResult.Status.NOTHING_TO_DO)));
        assertThat(result.distances(inputs, Norm.L0)).containsExactly(2, 0);
        assertThat(result.distances(inputs, Norm.L1)).containsExactly(7, 0);
        assertThat(result.distances(inputs, Norm.L2)).containsExactly(5, 0);
        assertThat(result.distances(inputs, Norm.LINF)).containsExactly(4, 0);
    }

    @Test
    void distances_ofAnAttack_agreeWithItsRowsInItsOwnNorm() {
        Batch inputs = AttackContractTest.inputs(12);
        Goal goal = Goal.avoid(AttackContractTest.model().predict(inputs));
        for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
            AttackResult result = Pgd.of(norm, 0.1).perturb(AttackContractTest.model(), inputs, goal);
            double[] own = result.distances(inputs, norm);
            double[] l1 = result.distances(inputs, Norm.L1);
            double[] l2 = result.distances(inputs, Norm.L2);
            double[] max = result.distances(inputs, Norm.LINF);
            for (int i = 0; i < own.length; i++) {
                assertThat(own[i]).isEqualTo(result.rows().get(i).distance());
                assertThat(max[i]).isLessThanOrEqualTo(l2[i]);
                assertThat(l2[i]).isLessThanOrEqualTo(l1[i] * (1 + 1e-15));
            }
        }
    }

    @Test
    void distances_otherInputs_areRefused() {
        AttackResult result =
                new AttackResult(Batch.of(new float[3], Shape.of(3)), List.of(row(AttackResult.Status.FAILED)));
        for (Batch other : List.of(Batch.of(new float[6], Shape.of(3)), Batch.of(new float[3], Shape.of(1, 3)))) {
            assertThatThrownBy(() -> result.distances(other, Norm.L2))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("inputs must be those of the attack, shaped as Batch[1 x [3]], were ");
        }
    }
}
