// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PopulationTest {
    private static final GroupSpace SPACE = GroupSpace.of("group", "a", "b");
    private static final double[] HALVES = {0.5, 0.5};

    private static ClusterPopulation of(double[] shares, double[] first, double[] second, double... qualified) {
        return ClusterPopulation.of(SPACE, shares, new double[][] {first, second}, qualified);
    }

    @Test
    void of_badPopulation_saysWhich() {
        assertThatThrownBy(() -> of(HALVES, new double[0], new double[0]))
                .hasMessage("qualified must be at least one, were none");
        assertThatThrownBy(() -> of(HALVES, HALVES, new double[] {0.5, 0.4}, 0.1, 0.2))
                .hasMessage("clusters of group=b must sum to 1, summed to 0.9");
        assertThatThrownBy(() -> of(HALVES, HALVES, new double[] {0, 0}, 0.1, 0.2))
                .hasMessage("clusters of group=b must sum to 1, summed to 0.0");
        assertThatThrownBy(() -> of(HALVES, HALVES, new double[] {Double.NaN, 1}, 0.1, 0.2))
                .hasMessage("clusters of group=b must be in [0, 1], was NaN");
        assertThatThrownBy(() -> of(HALVES, HALVES, new double[] {1.5, -0.5}, 0.1, 0.2))
                .hasMessage("clusters of group=b must be in [0, 1], was 1.5");
        assertThatThrownBy(() -> of(HALVES, HALVES, new double[] {1}, 0.1, 0.2))
                .hasMessage("clusters of group=b must be as many as qualified, 2, were 1");
        assertThatThrownBy(() -> of(new double[] {0.7, 0.7}, HALVES, HALVES, 0.1, 0.2))
                .hasMessage("shares must sum to 1, summed to 1.4");
        assertThatThrownBy(() -> of(new double[] {1}, HALVES, HALVES, 0.1, 0.2))
                .hasMessage("shares must be as many as groups, 2, were 1");
        assertThatThrownBy(() -> of(HALVES, HALVES, HALVES, 0.1, Double.NaN))
                .hasMessage("qualified must be in [0, 1], was NaN");
    }

    @Test
    void of_badLending_saysWhich() {
        LendingEnvironment environment = LendingEnvironment.of(ClusterPopulation.creditClusters());
        assertThatThrownBy(() -> environment.withInterest(Double.NaN))
                .hasMessage("interest must be > 0 and finite, was NaN");
        assertThatThrownBy(() -> environment.withShift(0)).hasMessage("shift must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> environment.withShift(2)).hasMessage("shift must be in [0, 1], was 2.0");
        assertThatThrownBy(() -> new AdaptiveThreshold(environment, DecisionCriterion.MAXIMUM_UTILITY, 0))
                .hasMessage("every must be >= 1, was 0");
        assertThatThrownBy(() -> environment.outcome(AcceptanceRule.of(new double[][] {{1}})))
                .hasMessage("rule must be for 2 groups and 7 clusters, was for 1 and 1");
        assertThatThrownBy(() -> AcceptanceRule.of(new double[][] {{Double.NaN}}))
                .hasMessage("accept must be in [0, 1], was NaN");
        assertThatThrownBy(() -> AcceptanceRule.of(new double[0][]))
                .hasMessage("accept must have at least one group and cluster, had none");
        assertThatThrownBy(() -> new LendingMeanField(environment)
                        .run(AcceptanceRule.best(DecisionCriterion.MAXIMUM_UTILITY, environment.population(), 1), 0))
                .hasMessage("steps must be >= 1, was 0");
    }

    @Test
    void best_groupWithoutQualified_equalOpportunityIsRefusedAndParityGiven() {
        ClusterPopulation population = of(HALVES, new double[] {1, 0}, new double[] {0, 1}, 0, 0.9);
        assertThatThrownBy(() -> AcceptanceRule.best(DecisionCriterion.EQUAL_OPPORTUNITY, population, 1))
                .hasMessage("true positive rate must be defined, but nobody is qualified in group=a");
        LendingEnvironment environment = LendingEnvironment.of(population);
        RuleOutcome outcome =
                environment.outcome(AcceptanceRule.best(DecisionCriterion.DEMOGRAPHIC_PARITY, population, 1));
        assertThat(outcome.truePositiveRate().get(0)).isEmpty();
        assertThat(outcome.acceptanceRate()).containsExactly(0.0, 0.0);
    }

    @Test
    void step_oneClusterAndOneGroup_nobodyMoves() {
        ClusterPopulation population = ClusterPopulation.of(
                GroupSpace.of("group", "all"), new double[] {1}, new double[][] {{1}}, new double[] {0.5});
        LendingEnvironment environment = LendingEnvironment.of(population).withShift(1);
        RandomGenerator random = new Seed(1).generator(0);
        LendingState state = environment.start(random);
        for (int i = 0; i < 100; i++) {
            state = environment.step(state, Decision.ACCEPT, random).state();
        }
        assertThat(state.population().mass(0, 0)).isEqualTo(1);
        assertThat(state.population().meanScore(0)).isZero();
        assertThat(state.population().applicants(0)).isEqualTo(100);
        assertThat(state.population().accepted(0)).isEqualTo(100);
        assertThat(state.population().acceptanceRate(0)).hasValue(1);
    }

    @Test
    void step_stateAndEnvironment_areNotChanged() {
        LendingEnvironment environment = LendingEnvironment.of(ClusterPopulation.creditClusters());
        RandomGenerator random = new Seed(1).generator(0);
        LendingState start = environment.start(random);
        double[] before = start.population().values.clone();
        environment.step(start, Decision.ACCEPT, random);
        assertThat(start.population().values).containsExactly(before);
    }

    @Test
    void pick_roundedSum_neverGivesAnEmptyCluster() {
        double[] weights = {0, 0.3, 0, 0.7 - 1e-16, 0};
        assertThat(ClusterPopulation.pick(weights, 0, 5, 0)).isEqualTo(1);
        assertThat(ClusterPopulation.pick(weights, 0, 5, 0.3)).isEqualTo(3);
        assertThat(ClusterPopulation.pick(weights, 0, 5, Math.nextDown(1.0))).isEqualTo(3);
    }

    @Test
    void equals_values_areCompared() {
        assertThat(ClusterPopulation.creditClusters())
                .isEqualTo(ClusterPopulation.creditClusters())
                .hasSameHashCodeAs(ClusterPopulation.creditClusters())
                .isNotEqualTo(of(HALVES, HALVES, HALVES, 0.1, 0.2));
        assertThat(AcceptanceRule.of(new double[][] {{1, 0}}))
                .isEqualTo(AcceptanceRule.of(new double[][] {{1, 0}}))
                .isNotEqualTo(AcceptanceRule.of(new double[][] {{1}, {0}}));
    }
}
