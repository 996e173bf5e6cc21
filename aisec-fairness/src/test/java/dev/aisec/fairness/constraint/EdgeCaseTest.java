// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class EdgeCaseTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");
    private static final CostSensitiveLearner ALL = (features, columns, labels, weights) -> x -> {
        double[] scores = new double[x.length / columns];
        Arrays.fill(scores, 1);
        return scores;
    };

    @Test
    void acceptProbabilities_scoreNaN_isRefused() {
        AtomicInteger calls = new AtomicInteger();
        CostSensitiveLearner learner = (features, columns, labels, weights) ->
                x -> calls.incrementAndGet() > 3 ? new double[] {Double.NaN} : new double[x.length];
        RandomizedClassifier classifier = new GridSearch(FairnessConstraint.DEMOGRAPHIC_PARITY, 1, learner, 3, 1, 1)
                .fit(new double[2], 1, GroupedRows.of(AB, new int[] {0, 1}, new boolean[] {true, false}));
        assertThatThrownBy(() -> classifier.acceptProbabilities(new double[1]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("scores must not be NaN, row 0 was");
    }

    @Test
    void logisticRegression_weightsNextToZero_areOnlyRelative() {
        double[] features = {1, 2, 3, 4};
        boolean[] labels = {false, true, false, true};
        double[] tiny = new double[4];
        Arrays.fill(tiny, Double.MIN_VALUE);
        double[] ones = {1, 1, 1, 1};
        LogisticRegression learner = LogisticRegression.standard();
        assertThat(learner.fit(features, 1, labels, tiny).coefficients())
                .containsExactly(learner.fit(features, 1, labels, ones).coefficients());
        // The odds of the labels overflow; their logarithm does not.
        LogisticRegression.Model far = learner.fit(features, 1, labels, new double[] {1e-200, 1e200, 1e-200, 1e200});
        assertThat(far.intercept()).isFinite();
    }

    @Test
    void gridSearch_manyPoints_areCountedAtOnce() {
        GroupedRows rows = GroupedRows.of(AB, new int[] {0, 1}, new boolean[] {true, false});
        Assertions.assertTimeout(
                Duration.ofSeconds(4),
                () -> new GridSearch(FairnessConstraint.DEMOGRAPHIC_PARITY, 0, ALL, 9001, 2, 100)
                        .fit(new double[2], 1, rows));
    }

    @Test
    void exponentiatedGradient_manyGroups_endsSoon() {
        int groups = 10_001;
        String[] names = new String[groups];
        Arrays.setAll(names, i -> "v" + i);
        int[] group = new int[2 * groups];
        boolean[] labels = new boolean[2 * groups];
        for (int i = 0; i < group.length; i++) {
            group[i] = i / 2;
            labels[i] = i % 2 == 0;
        }
        double[] features = new double[group.length];
        Arrays.setAll(features, i -> i % 7);
        GroupedRows rows = GroupedRows.of(GroupSpace.of("g", names), group, labels);
        // Another classifier at each question, so that nothing ends the rounds before they are used up.
        AtomicInteger asked = new AtomicInteger();
        CostSensitiveLearner learner = (x, columns, wanted, weights) -> {
            int turn = asked.incrementAndGet();
            return all -> {
                double[] scores = new double[all.length];
                Arrays.setAll(scores, i -> i % (turn + 1) == 0 ? 1 : 0);
                return scores;
            };
        };
        Assertions.assertTimeout(
                Duration.ofSeconds(4),
                () -> ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0)
                        .withLearner(learner)
                        .withRounds(50)
                        .fit(features, 1, rows));
    }
}
