// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GroupSpaceTest {
    private final GroupSpace space = new GroupSpace(List.of(
            new GroupSpace.Attribute("sex", List.of("f", "m")),
            new GroupSpace.Attribute("age", List.of("young", "old", GroupSpace.MISSING))));

    @Test
    void group_everyCombination_comesBack() {
        for (int group = 0; group < space.size(); group++) {
            assertThat(space.group(space.values(group))).isEqualTo(group);
        }
        assertThat(space.size()).isEqualTo(6);
        assertThat(space.name(5)).isEqualTo("sex=m, age=(missing)");
    }

    @Test
    void new_badAttributes_areRefused() {
        assertThatThrownBy(() -> GroupSpace.of("a", "x", "x")).hasMessageContaining("must be different");
        assertThatThrownBy(() -> GroupSpace.of("a")).hasMessageContaining("at least one");
        assertThatThrownBy(() -> space.group(0)).hasMessageContaining("as many as attributes");
        assertThatThrownBy(() -> space.name(6)).hasMessage("group must be in [0, 6), was 6");
    }

    @Test
    void rows_badColumns_areRefusedWithTheirRow() {
        assertThatThrownBy(() -> GroupedRows.of(space, new int[] {0, 6}, new boolean[2]))
                .hasMessage("groups must be in [0, 6), row 1 was 6");
        assertThatThrownBy(() -> GroupedRows.of(space, new int[2], new boolean[2], new double[] {1, Double.NaN}))
                .hasMessage("weights must be >= 0 and finite, row 1 was NaN");
        assertThatThrownBy(() -> GroupedRows.of(space, new int[2], new boolean[3]))
                .hasMessageContaining("as many as groups");
        assertThat(GroupedRows.of(space, new int[] {1, 2}, new boolean[] {true, false})
                        .select(1, 1, 0)
                        .groups())
                .containsExactly(2, 2, 1);
    }
}
