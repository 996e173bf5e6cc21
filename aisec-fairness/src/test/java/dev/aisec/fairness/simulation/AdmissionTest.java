// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.simulation.PairedComparison.Direction;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final ClusterPopulation POPULATION = ClusterPopulation.of(
            GroupSpace.of("income", "high", "low"),
            new double[] {0.5, 0.5},
            new double[][] {{0.2, 0.2, 0.3, 0.2, 0.1}, {0.2, 0.2, 0.3, 0.2, 0.1}},
            new double[] {0.05, 0.2, 0.4, 0.7, 0.9});
    /** High income: up to two clusters; low income: one. */
    private static final AdmissionEnvironment ENVIRONMENT = AdmissionEnvironment.of(POPULATION, 0.5, 0.8);

    @Test
    void outcome_thresholdFour_isTheHandComputedOne() {
        AdmissionOutcome outcome = ENVIRONMENT.outcome(4);
        // High income: clusters 2, 3, 4 get in, 2 and 3 by gaming; low income: 3 and 4, 3 by gaming.
        assertThat(outcome.acceptanceRate().get(0)).isCloseTo(0.6, within(1e-12));
        assertThat(outcome.acceptanceRate().get(1)).isCloseTo(0.3, within(1e-12));
        assertThat(outcome.gamingRate().get(0)).isCloseTo(0.5, within(1e-12));
        assertThat(outcome.gamingRate().get(1)).isCloseTo(0.2, within(1e-12));
        // Qualified: 0.01, 0.04, 0.12, 0.14, 0.09, in all 0.40.
        assertThat(outcome.truePositiveRate().get(0).getAsDouble()).isCloseTo(0.35 / 0.4, within(1e-12));
        assertThat(outcome.truePositiveRate().get(1).getAsDouble()).isCloseTo(0.23 / 0.4, within(1e-12));
        double steps = (0.01 * 4 + 0.04 * 3 + 0.12 * 2 + 0.14) / 0.4;
        assertThat(outcome.burden().get(0).getAsDouble()).isCloseTo(0.5 * steps, within(1e-12));
        assertThat(outcome.burden().get(1).getAsDouble()).isCloseTo(0.8 * steps, within(1e-12));
        assertThat(outcome.utility()).isCloseTo(0.5 * (0.35 - 0.25) + 0.5 * (0.23 - 0.07), within(1e-12));
    }

    @Test
    void bestThreshold_gamingForeseen_isStricterThanNaive() {
        assertThat(ENVIRONMENT.naiveThreshold()).isEqualTo(3);
        assertThat(ENVIRONMENT.bestThreshold()).isEqualTo(4);
        assertThat(ENVIRONMENT.outcome(4).utility())
                .isGreaterThan(ENVIRONMENT.outcome(3).utility());
    }

    /** Hoeffding with a union bound over five comparisons: false alarm at most 1e-9. */
    @Test
    void step_manyApplicants_meanIsOutcome() {
        int n = 200_000;
        RandomGenerator random = new Seed(2).generator(0);
        AdmissionState state = ENVIRONMENT.start(random);
        for (int i = 0; i < n; i++) {
            state = ENVIRONMENT.step(state, 4, random).state();
        }
        AdmissionOutcome outcome = ENVIRONMENT.outcome(4);
        double bound = Math.sqrt(Math.log(10 / 1e-9) / (2.0 * n));
        assertThat(state.utility() / n).isCloseTo(outcome.utility(), within(2 * bound));
        for (int g = 0; g < 2; g++) {
            int at = g * AdmissionState.SIZE;
            // Shares of all applicants: half of them are of each group.
            assertThat(state.values[at + Tally.ACCEPTED] / n)
                    .isCloseTo(outcome.acceptanceRate().get(g) / 2, within(bound));
            assertThat(state.values[at + AdmissionState.BURDEN] / n)
                    .isCloseTo(outcome.burden().get(g).getAsDouble() * 0.4 / 2, within(4 * bound));
        }
    }

    @Test
    void run_stricterThreshold_raisesBurdenGap() {
        Simulation<AdmissionState, Integer> simulation =
                Simulation.<AdmissionState, Integer>of(ENVIRONMENT, 2_000, 20, new Seed(3));
        PairedComparison comparison = simulation.run(new FixedAction<>(4)).minus(simulation.run(new FixedAction<>(3)));
        assertThat(comparison.end("social_burden_gap", "").direction()).isEqualTo(Direction.MORE);
        assertThat(comparison.end("acceptance_rate", "income=low").direction()).isEqualTo(Direction.LESS);
        assertThat(comparison.end("utility", "").direction()).isEqualTo(Direction.MORE);
    }

    @Test
    void run_bandit_learnsTheBestThreshold() {
        List<Integer> thresholds = IntStream.range(0, 5).boxed().toList();
        QLearning<AdmissionState, Integer> bandit = QLearning.<AdmissionState, Integer>of(
                        thresholds, StateIndex.single())
                .withDiscount(0);
        QLearning<AdmissionState, Integer> averaging = new QLearning<>(bandit.actions(), bandit.index(), 0, 0.5, 1);
        TabularPolicy<AdmissionState, Integer> policy =
                averaging.train(ENVIRONMENT, 200_000, new Seed(1), dev.aisec.core.Progress.NONE);
        assertThat(policy.probability(0, ENVIRONMENT.bestThreshold())).isEqualTo(1);
    }

    @Test
    void outcome_nobodyCanGame_hasNoGamingAndUndefinedBurden() {
        double never = Double.POSITIVE_INFINITY;
        AdmissionEnvironment honest = AdmissionEnvironment.of(POPULATION, never, never);
        AdmissionOutcome outcome = honest.outcome(3);
        assertThat(outcome.gamingRate()).containsExactly(0.0, 0.0);
        assertThat(outcome.burden().get(0)).isEmpty();
        assertThat(outcome.acceptanceRate().get(0)).isCloseTo(0.3, within(1e-12));
        assertThat(Simulation.<AdmissionState, Integer>of(honest, 500, 3, new Seed(1))
                        .run(new FixedAction<>(3))
                        .evidence()
                        .toString())
                .doesNotContain("NaN");
    }

    @Test
    void of_badNumbers_saysWhich() {
        assertThatThrownBy(() -> AdmissionEnvironment.of(POPULATION, 1, Double.NaN))
                .hasMessage("costs must be > 0, was NaN");
        assertThatThrownBy(() -> AdmissionEnvironment.of(POPULATION, 1))
                .hasMessage("costs must be as many as groups, 2, were 1");
        assertThatThrownBy(() -> ENVIRONMENT.withLoss(0)).hasMessage("loss must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> ENVIRONMENT.outcome(5)).hasMessage("threshold must be in [0, 5), was 5");
    }
}
