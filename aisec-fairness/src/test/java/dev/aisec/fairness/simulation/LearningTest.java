// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.fairness.simulation.PairedComparison.Direction;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LearningTest {
    private static final double DISCOUNT = 0.9;
    private static final StateIndex<Integer> INDEX = new StateIndex<>("place", 3, s -> s);
    private static final List<Integer> ACTIONS = List.of(0, 1);

    /**
     * Three places in a row. Action 0 takes a small reward and goes back to place 0; action 1 goes on with probability 0.8 and pays only at the
     * last place. Who is greedy never gets there.
     */
    private record Chain() implements SimulationEnvironment<Integer, Integer> {
        static final double[][] REWARD = {{0.3, 0}, {0.3, 0}, {0.3, 2}};

        static int next(int state, int action, boolean success) {
            return action == 0 ? 0 : success ? Math.min(2, state + 1) : state;
        }

        @Override
        public Integer start(RandomGenerator random) {
            return 0;
        }

        @Override
        public Step<Integer> step(Integer state, Integer action, RandomGenerator random) {
            return new Step<>(next(state, action, random.nextDouble() < 0.8), REWARD[state][action]);
        }

        @Override
        public List<SimulationMetric<Integer>> metrics() {
            return List.of(SimulationMetric.of("place", "1", s -> OptionalDouble.of(s)));
        }
    }

    /** The exact discounted value of place 0 under action probabilities; value iteration takes the maximum instead. */
    private static double value(double[][] policy, boolean optimal) {
        double[] value = new double[3];
        for (int i = 0; i < 1_000; i++) {
            double[] next = new double[3];
            for (int s = 0; s < 3; s++) {
                double best = Double.NEGATIVE_INFINITY;
                for (int a = 0; a < 2; a++) {
                    double q = Chain.REWARD[s][a]
                            + DISCOUNT * (0.8 * value[Chain.next(s, a, true)] + 0.2 * value[Chain.next(s, a, false)]);
                    best = Math.max(best, q);
                    next[s] += policy[s][a] * q;
                }
                if (optimal) {
                    next[s] = best;
                }
            }
            value = next;
        }
        return value[0];
    }

    private static double value(TabularPolicy<Integer, Integer> policy) {
        double[][] table = new double[3][2];
        for (int s = 0; s < 3; s++) {
            for (int a = 0; a < 2; a++) {
                table[s][a] = policy.probability(s, a);
            }
        }
        return value(table, false);
    }

    private static final double[][] RANDOM = {{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}};

    @Test
    void qLearning_chain_reachesTheOptimumOfValueIteration() {
        double optimum = value(RANDOM, true);
        TabularPolicy<Integer, Integer> learnt =
                QLearning.of(ACTIONS, INDEX).withEpsilon(0.3).train(new Chain(), 200_000, new Seed(1), Progress.NONE);
        assertThat(value(learnt)).isCloseTo(optimum, within(1e-9));
        assertThat(value(RANDOM, false)).isLessThan(0.5 * optimum);
        TabularPolicy<Integer, Integer> myopic =
                QLearning.of(ACTIONS, INDEX).withDiscount(0).train(new Chain(), 200_000, new Seed(1), Progress.NONE);
        assertThat(value(myopic)).isLessThan(0.5 * optimum);
    }

    @Test
    void policyGradient_chain_beatsRandomAndNearsTheOptimum() {
        double optimum = value(RANDOM, true);
        TabularPolicy<Integer, Integer> learnt =
                PolicyGradient.of(ACTIONS, INDEX).train(new Chain(), 3_000, new Seed(2), Progress.NONE);
        assertThat(value(learnt)).isBetween(0.95 * optimum, optimum + 1e-9);
        assertThat(PolicyGradient.of(ACTIONS, INDEX)
                        .train(new Chain(), 3_000, new Seed(2), Progress.NONE)
                        .toString())
                .isEqualTo(learnt.toString());
    }

    @Test
    void qLearning_lending_learnsToLendToWhoPaysAndBeatsRandom() {
        LendingEnvironment environment = LendingEnvironment.of(ClusterPopulation.creditClusters());
        List<Decision> decisions = List.of(Decision.values());
        Simulation<LendingState, Decision> simulation = Simulation.of(environment, 5_000, 20, new Seed(9));
        QLearning<LendingState, Decision> learner = QLearning.of(
                        decisions, StateIndex.<LendingState>groupAndCluster(environment.population()))
                .withDiscount(0);
        var learning = simulation.run(learner);
        var random = simulation.run(learner.withEpsilon(1));
        var oracle = simulation.run(AdaptiveThreshold.of(environment, DecisionCriterion.MAXIMUM_UTILITY));
        assertThat(learning.minus(random).end("utility", "").direction()).isEqualTo(Direction.MORE);
        assertThat(mean(learning.last("utility", ""))).isGreaterThan(0.5 * mean(oracle.last("utility", "")));
    }

    private static double mean(Estimate estimate) {
        return ((Estimate.Measured) estimate).value();
    }

    @Test
    void learnedThreshold_withoutExploring_staysWrongAboutWhomItRejects() {
        ClusterPopulation population = ClusterPopulation.creditClusters();
        SelectiveLabelEnvironment environment = SelectiveLabelEnvironment.of(population);
        Simulation<SelectiveLabelState, Decision> simulation = Simulation.of(environment, 5_000, 40, new Seed(10));
        LearnedThreshold<SelectiveLabelState> greedy = LearnedThreshold.of(population, 1);
        var stuck = simulation.run(greedy);
        var exploring = simulation.run(new EpsilonGreedy<>(greedy, List.of(Decision.values()), 0.05));
        var oracle =
                simulation.run(new RulePolicy<>(AcceptanceRule.best(DecisionCriterion.MAXIMUM_UTILITY, population, 1)));
        PairedComparison comparison = exploring.minus(stuck);
        assertThat(comparison.end("true_positive_rate", "group=0").direction()).isEqualTo(Direction.MORE);
        assertThat(comparison.end("true_positive_rate", "group=1").direction()).isEqualTo(Direction.MORE);
        assertThat(comparison.end("utility", "").direction()).isEqualTo(Direction.MORE);
        assertThat(oracle.minus(exploring).end("utility", "").direction()).isEqualTo(Direction.MORE);
        // The labels seen look better than the people are.
        assertThat(mean(oracle.last("label_bias", "group=1"))).isGreaterThan(0.05);
    }

    @Test
    void selectiveLabels_rejectedApplicants_labelStaysHidden() {
        SelectiveLabelEnvironment environment = SelectiveLabelEnvironment.of(ClusterPopulation.creditClusters());
        RandomGenerator random = new Seed(1).generator(0);
        SelectiveLabelState state = environment.start(random);
        long accepted = 0;
        for (int i = 0; i < 2_000; i++) {
            Decision decision = state.group() == 0 ? Decision.REJECT : Decision.ACCEPT;
            accepted += state.group();
            state = environment.step(state, decision, random).state();
        }
        long seen = 0;
        for (int c = 0; c < 7; c++) {
            assertThat(state.seen(0, c)).isZero();
            assertThat(state.seenQualified(1, c)).isBetween(0L, state.seen(1, c));
            seen += state.seen(1, c);
        }
        assertThat(seen).isEqualTo(accepted);
        assertThat(state.labelBias(0)).isEmpty();
        assertThat(state.labelBias(1).getAsDouble()).isCloseTo(0, within(1e-12));
        assertThat(state.acceptanceRate(0)).hasValue(0);
    }

    @Test
    void agents_ofOnePolicy_shareNothing() {
        ClusterPopulation population = ClusterPopulation.creditClusters();
        Simulation<SelectiveLabelState, Decision> two =
                Simulation.of(SelectiveLabelEnvironment.of(population), 200, 2, new Seed(4));
        LearnedThreshold<SelectiveLabelState> policy = LearnedThreshold.of(population, 1);
        assertThat(two.run(policy).evidence()).isEqualTo(two.run(policy).evidence());
    }

    @Test
    void of_badNumbers_saysWhich() {
        assertThatThrownBy(() -> QLearning.of(List.of(), INDEX)).hasMessage("actions must be at least one, were none");
        assertThatThrownBy(() -> QLearning.of(ACTIONS, INDEX).withDiscount(1))
                .hasMessage("discount must be in [0, 1), was 1.0");
        assertThatThrownBy(() -> QLearning.of(ACTIONS, INDEX).train(new Chain(), 0, new Seed(1), Progress.NONE))
                .hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> PolicyGradient.of(ACTIONS, INDEX).train(new Chain(), 0, new Seed(1), Progress.NONE))
                .hasMessage("episodes must be >= 1, was 0");
        assertThatThrownBy(() -> new EpsilonGreedy<>(new FixedAction<Integer, Integer>(0), ACTIONS, Double.NaN))
                .hasMessage("epsilon must be in [0, 1], was NaN");
        assertThatThrownBy(() -> new LearnedThreshold<LendingState>(1, 1, 1, 0.5, 0))
                .hasMessage("weight must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new StateIndex<Integer>("place", 0, s -> s)).hasMessage("size must be >= 1, was 0");
        assertThatThrownBy(() -> new StateIndex<Integer>("place", 2, s -> s).of(2))
                .hasMessage("index must be in [0, 2), was 2");
    }
}
