// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.constraint.RealData;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ReweighingTest {
    private final GroupSpace two = GroupSpace.of("g", "a", "b");

    @Test
    void factor_handTable_isExpectedOverObserved() {
        // Cells: a has 1 of 4 favourable, b 4 of 6; P(favourable) = 1/2.
        Reweighing reweighing = Reweighing.fit(rows(two, new int[][] {{3, 1}, {2, 4}}));

        assertThat(reweighing.factor(0, true).getAsDouble()).isCloseTo(4 * 0.5 / 1, within(1e-15));
        assertThat(reweighing.factor(0, false).getAsDouble()).isCloseTo(4 * 0.5 / 3, within(1e-15));
        assertThat(reweighing.factor(1, true).getAsDouble()).isCloseTo(6 * 0.5 / 4, within(1e-15));
        assertThat(reweighing.factor(1, false).getAsDouble()).isCloseTo(6 * 0.5 / 2, within(1e-15));
        assertThat(reweighing.findings()).isEmpty();
    }

    @Test
    void apply_manyWeightedGroups_labelBecomesIndependent() {
        GroupSpace many = GroupSpace.of("g", "a", "b", "c", "d", "e");
        RandomGenerator random = new Seed(1).generator(0);
        int n = 2_000;
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            groups[i] = (int) (5 * Math.pow(random.nextDouble(), 2));
            labels[i] = random.nextDouble() < 0.1 + 0.2 * groups[i];
            weights[i] = i % 7 == 0 ? 0 : random.nextDouble();
        }
        GroupedRows rows = GroupedRows.of(many, groups, labels, weights);

        GroupedRows changed = Reweighing.fit(rows).apply(rows);

        Cells before = Cells.of(rows);
        Cells after = Cells.of(changed);
        double share = before.label(true) / before.total();
        for (int g = 0; g < 5; g++) {
            assertThat(after.cell(g, true) / after.group(g)).isCloseTo(share, within(1e-13));
            assertThat(after.group(g)).isCloseTo(before.group(g), within(1e-10));
        }
        assertThat(after.label(true)).isCloseTo(before.label(true), within(1e-10));
    }

    @Test
    void apply_adult_sharesAreEqual() {
        GroupedRows rows = RealData.adult(5_000).rows();

        Cells after = Cells.of(Reweighing.fit(rows).apply(rows));

        assertThat(after.cell(0, true) / after.group(0)).isCloseTo(after.cell(1, true) / after.group(1), within(1e-12));
    }

    @Test
    void fit_emptyCell_isNamedAndTheOthersAgree() {
        GroupSpace three = GroupSpace.of("g", "a", "b", "none");
        GroupedRows rows = rows(three, new int[][] {{3, 1}, {2, 4}, {0, 5}});

        Reweighing reweighing = Reweighing.fit(rows);

        assertThat(reweighing.factor(2, false)).isEmpty();
        assertThat(reweighing.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.code()).isEqualTo("fairness.empty-cell");
            assertThat(finding.location()).isEqualTo("g=none");
            assertThat(finding.message()).contains("unfavourable");
        });
        Cells after = Cells.of(reweighing.apply(rows));
        assertThat(after.cell(0, true) / after.group(0)).isCloseTo(after.cell(1, true) / after.group(1), within(1e-14));
        assertThatThrownBy(() -> reweighing.apply(rows(three, new int[][] {{0, 0}, {0, 0}, {1, 0}})))
                .hasMessage("rows must be of a group and label that was fitted, row 0 was g=none with the unfavourable"
                        + " label");
    }

    @Test
    void fit_oneClassOrGroupWithoutRows_changesNothing() {
        GroupedRows rows = rows(two, new int[][] {{3, 0}, {0, 0}});

        Reweighing reweighing = Reweighing.fit(rows);

        assertThat(reweighing.apply(rows).weights()).containsOnly(1);
        assertThat(reweighing.factor(1, true)).isEmpty();
        assertThat(reweighing.findings()).isEmpty();
    }

    @Test
    void fit_noWeight_isRefused() {
        assertThatThrownBy(() -> Reweighing.fit(rows(two, new int[][] {{0, 0}, {0, 0}})))
                .hasMessage("sum of weights must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> Reweighing.fit(
                        GroupedRows.of(two, new int[] {0, 1}, new boolean[] {true, false}, new double[] {0, 0})))
                .hasMessageContaining("sum of weights");
        assertThatThrownBy(() ->
                        Reweighing.fit(rows(two, new int[][] {{1, 1}, {1, 1}})).factor(2, true))
                .hasMessage("group must be in [0, 2), was 2");
    }

    /** Rows from counts: by group, unfavourable and favourable. */
    static GroupedRows rows(GroupSpace space, int[][] counts) {
        int n = 0;
        for (int[] cell : counts) {
            n += cell[0] + cell[1];
        }
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        int at = 0;
        for (int g = 0; g < counts.length; g++) {
            for (int label = 0; label < 2; label++) {
                for (int i = 0; i < counts[g][label]; i++) {
                    groups[at] = g;
                    labels[at++] = label == 1;
                }
            }
        }
        return GroupedRows.of(space, groups, labels);
    }
}
