// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.simulation.PairedComparison.Direction;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.distribution.PoissonDistribution;
import org.junit.jupiter.api.Test;

class AttentionTest {
    private static final GroupSpace SPACE = GroupSpace.of("district", "north", "south", "west");

    @Test
    void poisson_anyDraw_isInverseOfDistributionFunction() {
        for (double rate : new double[] {1e-3, 0.5, 3, 40, 500}) {
            PoissonDistribution law = PoissonDistribution.of(rate);
            for (int i = 0; i < 1_000; i++) {
                double u = (i + 0.5) / 1_000;
                int k = AttentionEnvironment.poisson(rate, u);
                assertThat(law.cumulativeProbability(k)).isGreaterThan(u - 1e-10);
                assertThat(law.cumulativeProbability(k - 1)).isLessThan(u + 1e-10);
            }
            assertThat(AttentionEnvironment.poisson(rate, Math.nextDown(1.0))).isLessThan(2_000);
        }
        assertThat(AttentionEnvironment.poisson(0, 0.99)).isZero();
    }

    /** E[min(units, incidents)] as a plain sum over incidents, by another library's probabilities. */
    private static double expected(double rate, int units) {
        if (rate == 0) {
            return 0;
        }
        PoissonDistribution law = PoissonDistribution.of(rate);
        double sum = 0;
        for (int k = 0; k < 200; k++) {
            sum += Math.min(k, units) * law.probability(k);
        }
        return sum;
    }

    @Test
    void best_smallProblems_equalsBruteForce() {
        RandomGenerator random = new Seed(3).generator(0);
        for (int trial = 0; trial < 60; trial++) {
            int units = random.nextInt(9);
            double[] rates = random.doubles(3, 0.05, 8).toArray();
            for (double alpha : new double[] {0, 0.05, 0.2, 0.5, 1}) {
                double most = -1;
                for (int a = 0; a <= units; a++) {
                    for (int b = 0; a + b <= units; b++) {
                        for (int c = 0; a + b + c <= units; c++) {
                            double x = expected(rates[0], a);
                            double y = expected(rates[1], b);
                            double z = expected(rates[2], c);
                            double high = Math.max(x / rates[0], Math.max(y / rates[1], z / rates[2]));
                            double low = Math.min(x / rates[0], Math.min(y / rates[1], z / rates[2]));
                            if (high - low <= alpha + 1e-12) {
                                most = Math.max(most, x + y + z);
                            }
                        }
                    }
                }
                Allocation best = Allocation.best(rates, units, alpha);
                double found = 0;
                double high = 0;
                double low = 1;
                for (int g = 0; g < 3; g++) {
                    found += expected(rates[g], best.units(g));
                    double share = Allocation.discoveryProbability(rates[g], best.units(g));
                    assertThat(share).isCloseTo(expected(rates[g], best.units(g)) / rates[g], within(1e-9));
                    high = Math.max(high, share);
                    low = Math.min(low, share);
                }
                assertThat(found).isCloseTo(most, within(1e-9));
                assertThat(high - low).isLessThanOrEqualTo(alpha + 1e-9);
                assertThat(best.total()).isLessThanOrEqualTo(units);
            }
        }
    }

    @Test
    void best_groupWithoutIncidents_getsNothing() {
        assertThat(Allocation.best(new double[] {0, 2, 2}, 4, 1)).isEqualTo(Allocation.of(0, 2, 2));
        assertThat(Allocation.best(new double[] {0, 2, 2}, 4, 0)).isEqualTo(Allocation.of(0, 2, 2));
        assertThat(Allocation.best(new double[] {0, 0}, 4, 0.1)).isEqualTo(Allocation.of(0, 0));
    }

    /** Hoeffding: found of a round is in [0, units]; three groups, false alarm at most 1e-9. */
    @Test
    void step_manyRounds_discoversWhatIsExpected() {
        double[] rates = {1, 4, 9};
        AttentionEnvironment environment = AttentionEnvironment.of(SPACE, 9, rates);
        Allocation allocation = Allocation.of(1, 3, 5);
        RandomGenerator random = new Seed(4).generator(0);
        AttentionState state = environment.start(random);
        int rounds = 100_000;
        double reward = 0;
        for (int t = 0; t < rounds; t++) {
            var step = environment.step(state, allocation, random);
            reward += step.reward();
            state = step.state();
        }
        long all = 0;
        for (int g = 0; g < 3; g++) {
            int units = allocation.units(g);
            double bound = units * Math.sqrt(Math.log(6 / 1e-9) / (2.0 * rounds));
            assertThat((double) state.discovered(g) / rounds).isCloseTo(expected(rates[g], units), within(bound));
            assertThat(state.rate(g)).isEqualTo(rates[g]);
            all += state.discovered(g);
        }
        assertThat(reward).isEqualTo(all);
    }

    @Test
    void step_reaction_attentionLowersTheRate() {
        AttentionEnvironment environment =
                AttentionEnvironment.of(SPACE, 4, 1, 2, 3).withReaction(0.5);
        RandomGenerator random = new Seed(4).generator(0);
        AttentionState state = environment
                .step(environment.start(random), Allocation.of(4, 0, 0), random)
                .state();
        assertThat(state.rate(0)).isZero();
        assertThat(state.rate(1)).isEqualTo(2.5);
        assertThat(state.rate(2)).isEqualTo(3.5);
    }

    @Test
    void estimate_expectedDiscoveries_givesTheRateBack() {
        double[] rounds = {7, 30, 20, 0, 5};
        for (double rate : new double[] {0.1, 2, 6}) {
            double[] found = AllocationPlanner.discoveries(rate, 4);
            double sum = 30 * found[1] + 20 * found[2] + 5 * found[4];
            assertThat(LearnedAllocation.estimate(rounds, sum)).isCloseTo(rate, within(1e-6));
        }
    }

    @Test
    void run_fairAndLearnedAllocation_closeTheGapAndFollowTheOracle() {
        int units = 15;
        AttentionEnvironment environment = AttentionEnvironment.of(SPACE, units, 4, 8, 12);
        Simulation<AttentionState, Allocation> simulation =
                Simulation.<AttentionState, Allocation>of(environment, 2_000, 12, new Seed(8));
        var most = simulation.run(new PlannedAllocation(units, 1));
        var fair = simulation.run(new PlannedAllocation(units, 0.15));
        var learned = simulation.run(LearnedAllocation.of(units, 0.15));
        var wrong = simulation.run(new FixedAction<>(Allocation.of(15, 0, 0)));
        PairedComparison price = fair.minus(most);
        assertThat(price.end("discovery_rate_gap", "").direction()).isEqualTo(Direction.LESS);
        assertThat(price.end("discoveries", "").direction()).isEqualTo(Direction.LESS);
        assertThat(learned.minus(wrong).end("discoveries", "").direction()).isEqualTo(Direction.MORE);
        double gap = ((Estimate.Measured) fair.last("discovery_rate_gap", "")).value();
        assertThat(gap).isLessThan(0.17);
        double oracle = ((Estimate.Measured) fair.last("discoveries", "")).value();
        double learnt = ((Estimate.Measured) learned.last("discoveries", "")).value();
        assertThat(learnt / oracle).isBetween(0.93, 1.05);
    }

    @Test
    void of_badNumbers_saysWhich() {
        assertThatThrownBy(() -> AttentionEnvironment.of(SPACE, 3, 1, 2))
                .hasMessage("rates must be as many as groups, 3, were 2");
        assertThatThrownBy(() -> AttentionEnvironment.of(SPACE, 3, 1, 2, Double.NaN))
                .hasMessage("rates must be in [0, 500.0], was NaN");
        assertThatThrownBy(() -> AttentionEnvironment.of(SPACE, -1, 1, 2, 3))
                .hasMessage("units must be in [0, 10000], was -1");
        assertThatThrownBy(() -> Allocation.of(-1)).hasMessage("units must be >= 0, was -1");
        assertThatThrownBy(() -> Allocation.best(new double[] {1}, 1, -0.5))
                .hasMessage("alpha must be in [0, 1], was -0.5");
        AttentionEnvironment environment = AttentionEnvironment.of(SPACE, 3, 1, 2, 3);
        RandomGenerator random = new Seed(4).generator(0);
        AttentionState state = environment.start(random);
        assertThatThrownBy(() -> environment.step(state, Allocation.of(2, 2, 0), random))
                .hasMessage("allocation must be at most 3 units, was Allocation[2, 2, 0]");
        assertThatThrownBy(() -> environment.step(state, Allocation.of(1), random))
                .hasMessage("allocation must be as many as groups, 3, were 1");
    }
}
