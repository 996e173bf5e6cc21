// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.fairness.metric.GroupSpace;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class EdgeCaseTest {
    @Test
    void best_remainderOfRounding_doesNotEndTheWalk() {
        // What ten loans of a hundredth leave of a tenth: 1.4e-17 in a cluster that is empty but for rounding.
        double left = 0.1;
        for (int i = 0; i < 10; i++) {
            left -= 0.01;
        }
        assertThat(left).isPositive().isLessThan(1e-16);
        double[] qualified = {0.1, 0.6, 0.8, 0.9};
        GroupSpace space = GroupSpace.of("g", "a", "b");
        double[] half = {0.5, 0.5};
        ClusterPopulation whole =
                ClusterPopulation.of(space, half, new double[][] {{0.5, 0.2, 0, 0.3}, {0.5, 0.2, 0, 0.3}}, qualified);
        ClusterPopulation rest = ClusterPopulation.of(
                space, half, new double[][] {{0.5, 0.2, left, 0.3}, {0.5, 0.2, left, 0.3}}, qualified);
        for (DecisionCriterion criterion : DecisionCriterion.values()) {
            AcceptanceRule expected = AcceptanceRule.best(criterion, whole, 1);
            AcceptanceRule rule = AcceptanceRule.best(criterion, rest, 1);
            for (int g = 0; g < 2; g++) {
                for (int c = 0; c < 4; c++) {
                    assertThat(rule.accept(g, c))
                            .as("%s %s %s", criterion, g, c)
                            .isCloseTo(expected.accept(g, c), within(1e-9));
                }
            }
        }
    }

    @Test
    void accept_clusterOutside_isRefusedNotThatOfAnotherGroup() {
        AcceptanceRule rule = AcceptanceRule.of(new double[][] {{0, 0}, {1, 1}});
        assertThatThrownBy(() -> rule.accept(0, 2)).hasMessage("cluster must be in [0, 2), was 2");
        assertThatThrownBy(() -> rule.accept(2, 0)).hasMessage("group must be in [0, 2), was 2");
    }

    @Test
    void allocation_manyGroups_isPlannedSoon() {
        double[] rates = new double[60];
        for (int g = 0; g < rates.length; g++) {
            rates[g] = 1 + g % 13;
        }
        Allocation[] plan = new Allocation[1];
        Assertions.assertTimeout(Duration.ofSeconds(4), () -> plan[0] = Allocation.best(rates, 2000, 0.2));
        assertThat(List.of(plan[0].total())).allMatch(units -> units <= 2000);
    }
}
