// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.simulation.SimulationEnvironment.Step;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Sampled lending against the mean field. Hoeffding's inequality with a union bound: false alarm at most 1e-9 a test. */
class LendingStatisticalTest {
    private static final LendingEnvironment ENVIRONMENT = LendingEnvironment.of(ClusterPopulation.creditClusters());
    private static final AcceptanceRule RULE =
            AcceptanceRule.best(DecisionCriterion.EQUAL_OPPORTUNITY, ClusterPopulation.creditClusters(), 1);
    private static final double FALSE_ALARM = 1e-9;

    /** What the mean of n independent values within a range stays within, except with probability 1e-9 for all comparisons. */
    private static double bound(double range, int n, int comparisons) {
        return range * Math.sqrt(Math.log(2.0 * comparisons / FALSE_ALARM) / (2.0 * n));
    }

    @Test
    void step_manyOneStepRuns_meanIsMeanField() {
        int n = 200_000;
        double[] sum = new double[LendingPopulation.start(ENVIRONMENT.population()).values.length];
        RulePolicy<LendingState> policy = new RulePolicy<>(RULE);
        for (int r = 0; r < n; r++) {
            RandomGenerator random = new Seed(11).generator(r);
            LendingState start = ENVIRONMENT.start(random);
            Step<LendingState> step = ENVIRONMENT.step(start, policy.act(start, random), random);
            double[] after = step.state().population().values;
            for (int i = 0; i < sum.length; i++) {
                sum[i] += after[i];
            }
        }
        LendingMeanField field = new LendingMeanField(ENVIRONMENT);
        double[] expected = field.step(field.start(), RULE).values;
        int masses = 14;
        for (int i = 0; i < sum.length; i++) {
            double range = i < masses ? 2 * ENVIRONMENT.shift() : i < sum.length - 1 ? 1 : 2;
            assertThat(sum[i] / n).isCloseTo(expected[i], within(bound(range, n, sum.length)));
        }
    }

    @Test
    void run_manySteps_meanIsMeanField() {
        int n = 12_000;
        int steps = 200;
        double[] sum = new double[LendingPopulation.start(ENVIRONMENT.population()).values.length];
        RulePolicy<LendingState> policy = new RulePolicy<>(RULE);
        for (int r = 0; r < n; r++) {
            RandomGenerator random = new Seed(12).generator(r);
            LendingState state = ENVIRONMENT.start(random);
            for (int t = 0; t < steps; t++) {
                state = ENVIRONMENT
                        .step(state, policy.act(state, random), random)
                        .state();
            }
            double[] after = state.population().values;
            for (int i = 0; i < sum.length; i++) {
                sum[i] += after[i];
            }
        }
        List<LendingPopulation> field = new LendingMeanField(ENVIRONMENT).run(RULE, steps);
        double[] first = field.get(0).values;
        double[] expected = field.get(steps).values;
        int masses = 14;
        double mostMoved = 0;
        for (int i = 0; i < sum.length; i++) {
            double range = i < masses ? 1 : i < sum.length - 1 ? steps : 2 * steps;
            double bound = bound(range, n, sum.length);
            assertThat(sum[i] / n).isCloseTo(expected[i], within(bound));
            if (i < masses) {
                mostMoved = Math.max(mostMoved, Math.abs(expected[i] - first[i]) / bound);
            }
        }
        // The test has power: masses move by much more than the bound.
        assertThat(mostMoved).isGreaterThan(4);
    }

    @Test
    void run_shiftFallsAndRuleAdapts_nearsMeanField() {
        // Over one unit of shifted mass. The masses are bounded martingales around their drift: Azuma's inequality
        // gives the noise
        // shift * sqrt(2 n log(2 / 1e-9)) = 0.066, and what it does to the drift at most doubles it (Gronwall).
        double shift = 1e-4;
        int steps = 10_000;
        LendingEnvironment fine = ENVIRONMENT.withShift(shift);
        DecisionCriterion criterion = DecisionCriterion.MAXIMUM_UTILITY;
        Agent<LendingState, Decision> agent =
                AdaptiveThreshold.of(fine, criterion).agent();
        RandomGenerator random = new Seed(13).generator(0);
        LendingState state = fine.start(random);
        for (int t = 0; t < steps; t++) {
            state = fine.step(state, agent.act(state, random), random).state();
        }
        LendingPopulation expected =
                new LendingMeanField(fine).run(criterion, steps).get(steps);
        double bound = 4 * shift * Math.sqrt(2 * steps * Math.log(2 * 14 / FALSE_ALARM));
        for (int g = 0; g < 2; g++) {
            for (int c = 0; c < 7; c++) {
                assertThat(state.population().mass(g, c)).isCloseTo(expected.mass(g, c), within(bound));
            }
        }
    }

    @Test
    void run_anyCriterion_conservesMassAndStaysInRange() {
        for (DecisionCriterion criterion : DecisionCriterion.values()) {
            List<LendingPopulation> field = new LendingMeanField(ENVIRONMENT).run(criterion, 1_000);
            Agent<LendingState, Decision> agent =
                    AdaptiveThreshold.of(ENVIRONMENT, criterion).agent();
            RandomGenerator random = new Seed(14).generator(criterion.ordinal());
            LendingState state = ENVIRONMENT.start(random);
            for (int t = 0; t < 20_000; t++) {
                state = ENVIRONMENT
                        .step(state, agent.act(state, random), random)
                        .state();
            }
            for (LendingPopulation population : List.of(field.get(1_000), state.population())) {
                for (int g = 0; g < 2; g++) {
                    double sum = 0;
                    for (int c = 0; c < 7; c++) {
                        assertThat(population.mass(g, c)).isBetween(-1e-12, 1 + 1e-12);
                        sum += population.mass(g, c);
                    }
                    assertThat(sum).isCloseTo(1, within(1e-9));
                }
            }
        }
    }
}
