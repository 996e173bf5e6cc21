// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.fairness.simulation.PairedComparison.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final LendingEnvironment ENVIRONMENT = LendingEnvironment.of(ClusterPopulation.creditClusters());

    private static Simulation<LendingState, Decision> simulation(int steps, int runs) {
        return Simulation.of(ENVIRONMENT, steps, runs, new Seed(5));
    }

    private static SimulationPolicy<LendingState, Decision> fixed(DecisionCriterion criterion) {
        return new RulePolicy<>(AcceptanceRule.best(criterion, ENVIRONMENT.population(), 1));
    }

    @Test
    void run_sameSeed_sameEvidenceOnAnyNumberOfThreads() {
        Simulation<LendingState, Decision> simulation = simulation(500, 12);
        SimulationPolicy<LendingState, Decision> policy =
                AdaptiveThreshold.of(ENVIRONMENT, DecisionCriterion.DEMOGRAPHIC_PARITY);
        Evidence alone = simulation.run(policy).evidence();
        assertThat(simulation.run(policy).evidence()).isEqualTo(alone);
        for (int threads : new int[] {1, 3}) {
            ExecutorService executor = Executors.newFixedThreadPool(threads);
            try {
                assertThat(simulation.run(policy, executor, Progress.NONE).evidence())
                        .isEqualTo(alone);
            } finally {
                executor.shutdownNow();
            }
        }
        assertThat(new Simulation<>(ENVIRONMENT, 500, 12, 50, 0.95, new Seed(6))
                        .run(policy)
                        .evidence())
                .isNotEqualTo(alone);
    }

    @Test
    void evidence_lending_namesAllAndHasNoNaN() {
        Evidence evidence = simulation(300, 4)
                .run(fixed(DecisionCriterion.EQUAL_OPPORTUNITY))
                .evidence();
        assertThat(evidence.technique()).isEqualTo(Technique.FAIRNESS_EVALUATION);
        assertThat(evidence.parameters()).containsKeys("environment", "policy", "seed", "steps", "runs");
        assertThat(evidence.parameters().toString()).doesNotContain("@").doesNotContain("Lambda");
        assertThat(evidence.measurements())
                .extracting(Measurement::name)
                .contains(
                        "acceptance_rate",
                        "acceptance_rate_gap",
                        "true_positive_rate",
                        "mean_score",
                        "mean_score_gap",
                        "utility");
        assertThat(evidence.measurements()).allSatisfy(m -> {
            Measurement.Curve curve = (Measurement.Curve) m;
            assertThat(curve.points()).hasSize(50);
            assertThat(curve.points().get(49).x()).isEqualTo(300);
            assertThat(curve.toString()).doesNotContain("NaN");
        });
    }

    @Test
    void minus_parityAndMaximumUtility_groupOneGetsMoreLoansAndALowerScore() {
        Simulation<LendingState, Decision> simulation = simulation(30, 3_000).withPoints(3);
        PairedComparison comparison = simulation
                .run(fixed(DecisionCriterion.DEMOGRAPHIC_PARITY))
                .minus(simulation.run(fixed(DecisionCriterion.MAXIMUM_UTILITY)));
        assertThat(comparison.end("acceptance_rate", "group=1").direction()).isEqualTo(Direction.MORE);
        assertThat(comparison.end("true_positive_rate", "group=1").direction()).isEqualTo(Direction.MORE);
        assertThat(comparison.end("mean_score", "group=1").direction()).isEqualTo(Direction.LESS);
        assertThat(comparison.end("acceptance_rate", "group=0").direction()).isEqualTo(Direction.UNDECIDED);
        assertThat(comparison.evidence().measurements())
                .extracting(Measurement::name)
                .contains("utility_difference", "utility_difference_at_end");
        assertThat(comparison.evidence().parameters()).containsKeys("policy", "other-policy");
        double difference = ((Estimate.Measured)
                        comparison.end("acceptance_rate", "group=1").estimate())
                .value();
        assertThat(comparison.evidence().measurements().toString()).doesNotContain("NaN");
        assertThat(difference).isBetween(0.1, 0.3);
    }

    @Test
    void minus_itself_isExactlyZero() {
        Simulation<LendingState, Decision> simulation = simulation(100, 5);
        SimulationResult<LendingState, Decision> result = simulation.run(fixed(DecisionCriterion.MAXIMUM_UTILITY));
        for (PairedComparison.Difference end : result.minus(result).ends()) {
            assertThat(end.direction()).isEqualTo(Direction.UNDECIDED);
            assertThat(((Estimate.Measured) end.estimate()).value()).isZero();
        }
    }

    @Test
    void minus_sharedRandomness_narrowerThanUnpaired() {
        Simulation<LendingState, Decision> simulation = simulation(1_000, 30);
        SimulationResult<LendingState, Decision> a = simulation.run(fixed(DecisionCriterion.EQUAL_OPPORTUNITY));
        SimulationResult<LendingState, Decision> b = new Simulation<>(ENVIRONMENT, 1_000, 30, 50, 0.95, new Seed(99))
                .run(fixed(DecisionCriterion.MAXIMUM_UTILITY));
        SimulationResult<LendingState, Decision> paired = simulation.run(fixed(DecisionCriterion.MAXIMUM_UTILITY));
        Estimate difference = a.minus(paired).curves().stream()
                .filter(c -> c.name().equals("utility"))
                .findFirst()
                .orElseThrow()
                .points()
                .get(49)
                .y();
        double unpaired = Math.hypot(width(a.last("utility", "")), width(b.last("utility", "")));
        assertThat(width(difference)).isLessThan(0.7 * unpaired);
    }

    private static double width(Estimate estimate) {
        Estimate.Measured measured = (Estimate.Measured) estimate;
        return measured.interval().upper() - measured.interval().lower();
    }

    @Test
    void mean_fourRuns_isStudentInterval() {
        // Student's quantile 3.182446 for 3 degrees of freedom; standard deviation sqrt(5/3).
        Estimate.Measured measured = (Estimate.Measured) RunStatistics.mean(new double[] {1, 2, 3, 4}, 0.95);
        double half = 3.182446305 * Math.sqrt(5.0 / 3 / 4);
        assertThat(measured.value()).isEqualTo(2.5);
        assertThat(measured.interval().lower()).isCloseTo(2.5 - half, within(1e-8));
        assertThat(measured.interval().upper()).isCloseTo(2.5 + half, within(1e-8));
        assertThat(measured.n()).isEqualTo(4);
    }

    @Test
    void run_oneRunOrUndefinedRate_abstains() {
        assertThat(simulation(10, 1)
                        .run(fixed(DecisionCriterion.MAXIMUM_UTILITY))
                        .last("utility", ""))
                .isEqualTo(new Estimate.Abstained("an interval needs at least 2 runs", 1));
        // After one applicant one group has none.
        Estimate estimate =
                simulation(1, 8).run(fixed(DecisionCriterion.MAXIMUM_UTILITY)).last("acceptance_rate", "group=0");
        assertThat(estimate).isInstanceOf(Estimate.Abstained.class);
        assertThat(((Estimate.Abstained) estimate).reason()).matches("undefined in [1-8] of 8 runs");
    }

    @Test
    void run_interrupted_endsAndKeepsTheFlag() {
        Simulation<LendingState, Decision> simulation = simulation(100_000, 2);
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> simulation.run(fixed(DecisionCriterion.MAXIMUM_UTILITY)))
                    .isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> simulation.run(fixed(DecisionCriterion.MAXIMUM_UTILITY), executor, Progress.NONE))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
        } finally {
            executor.shutdownNow();
            Thread.interrupted();
        }
    }

    @Test
    void run_progress_toldAfterEachRun() {
        List<Long> done = new ArrayList<>();
        simulation(5, 3).run(fixed(DecisionCriterion.MAXIMUM_UTILITY), (d, total) -> done.add(d));
        assertThat(done).containsExactly(1L, 2L, 3L);
    }

    @Test
    void run_policyFails_itsExceptionComesOut() {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            SimulationPolicy<LendingState, Decision> broken = () -> (state, random) -> {
                throw new IllegalStateException("broken");
            };
            assertThatThrownBy(() -> simulation(5, 3).run(broken, executor, Progress.NONE))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("broken");
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void of_badNumbers_saysWhich() {
        assertThatThrownBy(() -> simulation(0, 1)).hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> simulation(5, 0)).hasMessage("runs must be >= 1, was 0");
        assertThatThrownBy(() -> simulation(5, 1).withPoints(6)).hasMessage("points must be at most steps, 5, was 6");
        assertThatThrownBy(() -> simulation(5, 1).withConfidence(Double.NaN))
                .hasMessage("confidence must be in (0, 1), was NaN");
        SimulationResult<LendingState, Decision> result =
                simulation(5, 2).run(fixed(DecisionCriterion.MAXIMUM_UTILITY));
        SimulationResult<LendingState, Decision> other = simulation(6, 2).run(fixed(DecisionCriterion.MAXIMUM_UTILITY));
        assertThatThrownBy(() -> result.minus(other)).hasMessageStartingWith("both results must be of the same");
        assertThatThrownBy(() -> result.last("nothing", "")).hasMessageContaining("was nothing");
    }
}
