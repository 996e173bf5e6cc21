// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Verdict;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class AttributeFreeThresholdTest {
    /**
     * With two groups and one rate, a mixture has to add to 1 and to keep the difference of two rates in an interval: a corner of that
     * set mixes at most two thresholds, with the difference at an end of the interval or with one threshold alone.
     */
    @Test
    void solve_twoGroups_equalsEnumerationOfPairs() {
        for (int seed = 0; seed < 12; seed++) {
            ScoredData data = ScoredData.random(seed, 150, 2, 15, seed % 2 == 0);
            for (ParityConstraint constraint : List.of(
                    ParityConstraint.DEMOGRAPHIC_PARITY,
                    ParityConstraint.TRUE_POSITIVE_RATE_PARITY,
                    ParityConstraint.FALSE_POSITIVE_RATE_PARITY)) {
                double tolerance = 0.02 * (seed % 4);
                ThresholdSolution s =
                        AttributeFreeThreshold.of(constraint, tolerance).solve(data.rows(), data.scores());
                assertThat(s.gap()).isBetween(0.0, 1e-9);
                assertThat(s.constraintViolation()).isLessThan(1e-11);
                assertThat(s.verify().findings()).isEmpty();
                assertThat(s.verify(data.rows(), data.scores()).findings()).isEmpty();
                assertThat(s.objective()).isCloseTo(pairs(data, constraint, tolerance), within(1e-9));
                assertThat(s.objective())
                        .isCloseTo(ThresholdOptimizerTest.direct(s.policy(), Objective.ACCURACY, data), within(1e-9));
                assertThat(s.policy().rules().get(0))
                        .isEqualTo(s.policy().rules().get(1));
                double withGroup = ThresholdOptimizer.of(constraint)
                        .withTolerance(tolerance)
                        .solve(data.rows(), data.scores())
                        .dualBound();
                assertThat(s.objective()).isLessThanOrEqualTo(withGroup);
            }
        }
    }

    /** Two thresholds mixed so that the difference of the signed rates is inside the tolerance. */
    private static double pairs(ScoredData data, ParityConstraint constraint, double tolerance) {
        double[] thresholds = DoubleStream.concat(Arrays.stream(data.scores()), DoubleStream.of(2))
                .distinct()
                .toArray();
        double[] value = new double[thresholds.length];
        double[] difference = new double[thresholds.length];
        for (int j = 0; j < thresholds.length; j++) {
            double threshold = thresholds[j];
            value[j] = ThresholdOptimizerTest.direct((g, s) -> s >= threshold ? 1 : 0, Objective.ACCURACY, data);
            difference[j] = rate(data, constraint, 0, threshold) - rate(data, constraint, 1, threshold);
        }
        double best = 0;
        for (int a = 0; a < value.length; a++) {
            for (int b = 0; b < value.length; b++) {
                for (double goal : new double[] {difference[a], -tolerance, tolerance}) {
                    double span = difference[b] - difference[a];
                    double share = span == 0 ? 0 : (goal - difference[a]) / span;
                    boolean inside = share >= 0 && share <= 1;
                    if (inside && Math.abs(difference[a] + share * span) <= tolerance + 1e-12) {
                        best = Math.max(best, value[a] + share * (value[b] - value[a]));
                    }
                }
            }
        }
        return best;
    }

    private static double rate(ScoredData data, ParityConstraint constraint, int group, double threshold) {
        double accepted = 0;
        double all = 0;
        for (int i = 0; i < data.rows().size(); i++) {
            boolean counts = data.rows().group(i) == group
                    && switch (constraint) {
                        case TRUE_POSITIVE_RATE_PARITY -> data.rows().favourable(i);
                        case FALSE_POSITIVE_RATE_PARITY -> !data.rows().favourable(i);
                        default -> true;
                    };
            if (counts) {
                all += data.rows().weight(i);
                accepted += data.scores()[i] >= threshold ? data.rows().weight(i) : 0;
            }
        }
        return accepted / all;
    }

    @Test
    void solve_manyScores_takesQuantilesAndCertifiesThose() {
        ScoredData data = ScoredData.random(3, 20_000, 3, 1_000_000, false);
        for (ParityConstraint constraint : ParityConstraint.values()) {
            ThresholdSolution s = new AttributeFreeThreshold(constraint, 0.05, Objective.ACCURACY, 200)
                    .solve(data.rows(), data.scores());
            assertThat(s.problem().curves().get(0).size()).isLessThanOrEqualTo(200);
            assertThat(s.verify(data.rows(), data.scores()).findings()).isEmpty();
            assertThat(s.evidence().toString()).doesNotContain("NaN");
        }
    }

    @Test
    void solve_uncertainGroups_asWeights() {
        // Everybody is in either group with probability one half: all rates agree, so that the constraint costs
        // nothing.
        ScoredData data = ScoredData.random(4, 200, 2, 20, false);
        int[] group = new int[400];
        boolean[] label = new boolean[400];
        double[] weight = new double[400];
        double[] score = new double[400];
        for (int i = 0; i < 400; i++) {
            group[i] = i % 2;
            label[i] = data.rows().favourable(i / 2);
            weight[i] = 0.5;
            score[i] = data.scores()[i / 2];
        }
        GroupedRows rows = GroupedRows.of(GroupSpace.of("g", "a", "b"), group, label, weight);
        double free = AttributeFreeThreshold.of(ParityConstraint.NONE, 0)
                .solve(rows, score)
                .objective();
        assertThat(AttributeFreeThreshold.of(ParityConstraint.EQUALIZED_ODDS, 0)
                        .solve(rows, score)
                        .objective())
                .isCloseTo(free, within(1e-9));
    }

    @Test
    void verify_rulesThatDiffer_rejects() {
        ScoredData data = ScoredData.random(5, 200, 2, 20, false);
        ThresholdSolution s = AttributeFreeThreshold.of(ParityConstraint.DEMOGRAPHIC_PARITY, 0.1)
                .withObjective(Objective.BalancedAccuracy.POOLED)
                .solve(data.rows(), data.scores());
        ThresholdSolution changed = new ThresholdSolution(
                s.problem(),
                new StepPolicy(List.of(s.policy().rules().get(0), StepPolicy.Rule.threshold(Double.NEGATIVE_INFINITY))),
                s.multipliers(),
                s.objective(),
                s.dualBound(),
                s.constraintViolation(),
                s.audit());
        assertThat(changed.verify().verdict()).isEqualTo(Verdict.REJECT);
    }

    @Test
    void of_badNumbers_refuses() {
        assertThatThrownBy(() -> AttributeFreeThreshold.of(ParityConstraint.NONE, Double.NaN))
                .hasMessage("tolerance must be in [0, 1], was NaN");
        assertThatThrownBy(() -> new AttributeFreeThreshold(ParityConstraint.NONE, 0, Objective.ACCURACY, 1))
                .hasMessageContaining("cells must be in [2, 4096]");
    }
}
