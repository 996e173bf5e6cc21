// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EdgeCaseTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");

    @Test
    void calibratedOdds_decision_isThatOfTheRepairedScore() {
        int n = 400;
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        double[] scores = new double[n];
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < n; i++) {
            groups[i] = i % 2;
            double p = random.nextDouble();
            scores[i] = groups[i] == 0 ? p * p : 0.3 + 0.4 * p;
            labels[i] = random.nextDouble() < scores[i];
        }
        CalibratedEqualizedOdds.Fitted fitted =
                CalibratedEqualizedOdds.falseNegatives().fit(GroupedRows.of(AB, groups, labels), scores);
        assertThat(Math.max(fitted.mix(0).mixRate(), fitted.mix(1).mixRate())).isBetween(0.1, 0.9);
        KeyedCoin coin = KeyedCoin.of(new byte[32], "loans");
        for (int i = 0; i < n; i++) {
            String subject = "subject " + i;
            assertThat(fitted.accept(groups[i], scores[i], subject, coin))
                    .as(subject)
                    .isEqualTo(fitted.score(groups[i], scores[i], subject, coin) >= 0.5);
        }
    }

    @Test
    void histogramCalibration_largeTie_leavesNoTinyBlocks() {
        int n = 1000;
        double[] scores = new double[n];
        boolean[] labels = new boolean[n];
        for (int i = 0; i < n; i++) {
            scores[i] = i < 600 ? 0.9 : i / 10_000.0;
            labels[i] = i % 3 == 0;
        }
        List<GroupCalibration.Block> blocks = GroupCalibration.histogram(10)
                .fit(GroupedRows.of(AB, new int[n], labels), scores)
                .blocks()
                .get(0);
        assertThat(blocks).hasSize(5);
        assertThat(blocks.get(0).share().n()).isEqualTo(600);
        for (GroupCalibration.Block block : blocks.subList(1, 5)) {
            assertThat(block.share().n()).isBetween(99L, 101L);
        }
    }

    @Test
    void certificate_valuesThatCancel_boundTheExactObjective() {
        // The best rule refuses all, and the value of that is next to 0: 5e8 less 5e8, with a rounding error each.
        int n = 6;
        int[] groups = {0, 0, 0, 0, 0, 1};
        boolean[] labels = {true, true, true, false, false, false};
        double[] scores = new double[n];
        double[] weights = {0.1, 0.2, 0.4, 0.3, 0.4000001, 1e-12};
        Objective objective = new Objective.Utility(0, 0, 1e9, -1e9);
        ThresholdSolution solution = new ThresholdOptimizer(ParityConstraint.DEMOGRAPHIC_PARITY, 1, objective)
                .solve(GroupedRows.of(AB, groups, labels, weights), scores);
        java.math.BigDecimal value = java.math.BigDecimal.ZERO;
        java.math.BigDecimal all = java.math.BigDecimal.ZERO;
        for (int i = 0; i < n; i++) {
            java.math.BigDecimal w = new java.math.BigDecimal(weights[i]);
            java.math.BigDecimal accept =
                    new java.math.BigDecimal(solution.policy().acceptProbability(groups[i], scores[i]));
            java.math.BigDecimal refused = w.multiply(java.math.BigDecimal.ONE.subtract(accept));
            value = value.add(
                    refused.multiply(java.math.BigDecimal.valueOf(labels[i] ? -1_000_000_000L : 1_000_000_000L)));
            all = all.add(w);
        }
        java.math.BigDecimal exact = value.divide(all, java.math.MathContext.DECIMAL128);
        assertThat(new java.math.BigDecimal(solution.objective())).isLessThanOrEqualTo(exact);
        assertThat(new java.math.BigDecimal(solution.dualBound())).isGreaterThanOrEqualTo(exact);
    }
}
