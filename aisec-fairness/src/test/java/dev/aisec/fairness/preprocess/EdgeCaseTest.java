// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EdgeCaseTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");

    @Test
    void reweighing_labelOfLittleWeight_keepsIt() {
        // 1e-3 beside 1e16: the difference of the sums would be 0, and the factor of the unfavourable label with it.
        GroupedRows rows =
                GroupedRows.of(AB, new int[] {0, 0, 1, 1}, new boolean[] {true, false, true, false}, new double[] {
                    1e16, 1e-3, 1e16, 3e-3
                });
        GroupedRows repaired = Reweighing.fit(rows).apply(rows);
        assertThat(repaired.weight(1)).isCloseTo(2e-3, within(1e-12));
        assertThat(repaired.weight(3)).isCloseTo(2e-3, within(1e-12));
    }

    @Test
    void correlationRemover_constantColumn_changesNothing() {
        int n = 10;
        double[] features = new double[n];
        double[] sensitive = new double[n];
        Arrays.setAll(features, i -> i * 0.3 - 7);
        Arrays.fill(sensitive, 0.1);
        CorrelationRemover.Fitted fitted = CorrelationRemover.full().fit(features, 1, sensitive, 1);
        assertThat(fitted.transform(new double[] {1, 2}, new double[] {0.1, 5})).containsExactly(1, 2);
    }
}
