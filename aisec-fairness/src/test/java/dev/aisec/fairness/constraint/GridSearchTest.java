// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class GridSearchTest {
    private final double[] x = new double[400];
    private final GroupedRows rows = rows();

    private GroupedRows rows() {
        RandomGenerator random = new Seed(1).generator(0);
        int[] groups = new int[200];
        boolean[] labels = new boolean[200];
        for (int i = 0; i < 200; i++) {
            groups[i] = i % 2;
            x[2 * i] = random.nextGaussian() + groups[i];
            x[2 * i + 1] = groups[i];
            labels[i] = random.nextDouble() < 1 / (1 + Math.exp(-2 * x[2 * i] + 1));
        }
        return GroupedRows.of(GroupSpace.of("g", "a", "b"), groups, labels);
    }

    @Test
    void fit_demographicParity_neverBeatsTheMixtureAndBeatsTheUnconstrained() {
        SaddleCertificate grid = GridSearch.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.02)
                .fit(x, 2, rows)
                .certificate();
        SaddleCertificate coarse = GridSearch.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.02)
                .withGrid(3, 1e-9)
                .fit(x, 2, rows)
                .certificate();

        assertThat(grid.fits()).isEqualTo(41);
        assertThat(coarse.fits()).isEqualTo(3);
        assertThat(grid.upper()).isLessThan(coarse.upper());
        assertThat(grid.lower()).isLessThanOrEqualTo(grid.upper());
        assertThat(coarse.violation()).isGreaterThan(0.1);
        assertThat(grid.violation()).isLessThan(0.03);
    }

    @Test
    void fit_answer_doesNotRandomise() {
        RandomizedClassifier fair =
                GridSearch.of(FairnessConstraint.EQUALIZED_ODDS, 0.05).fit(x, 2, rows);

        assertThat(fair.probabilities()).containsExactly(1);
        assertThat(fair.acceptProbabilities(x)).containsOnly(0, 1);
        // Two free multipliers: 1 + 2k(k + 1) points, k = 4.
        assertThat(fair.certificate().fits()).isEqualTo(41);
    }

    @Test
    void fit_boundedGroupLoss_usesPositiveMultipliers() {
        RandomizedClassifier fair = GridSearch.of(FairnessConstraint.BOUNDED_GROUP_LOSS, 0.5)
                .withGrid(10, 2)
                .fit(x, 2, rows);

        assertThat(fair.certificate().fits()).isEqualTo(10);
        assertThat(fair.certificate().violation()).isNegative();
    }

    @Test
    void fit_oneGroupOrTooManyGroups_asksOnceOrRefuses() {
        GroupedRows one = GroupedRows.of(GroupSpace.of("g", "a"), new int[200], new boolean[200]);

        assertThat(GridSearch.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.1)
                        .fit(x, 2, one)
                        .certificate()
                        .fits())
                .isEqualTo(1);
        assertThatThrownBy(() -> GridSearch.of(FairnessConstraint.EQUALIZED_ODDS, 0.1)
                        .withGrid(4, 1)
                        .fit(x, 2, rows))
                .hasMessage("size must be >= 5 for 2 free multipliers, was 4");
        assertThatThrownBy(() -> GridSearch.of(FairnessConstraint.EQUALIZED_ODDS, 2))
                .hasMessage("bound must be in [0, 1], was 2.0");
        assertThatThrownBy(() ->
                        GridSearch.of(FairnessConstraint.EQUALIZED_ODDS, 0).withGrid(9, 200))
                .hasMessage("multiplierBound must be >= limit, 200.0, and finite, was 100.0");
    }
}
