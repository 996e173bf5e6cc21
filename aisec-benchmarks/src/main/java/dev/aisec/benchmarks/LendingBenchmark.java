// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.fairness.simulation.AcceptanceRule;
import dev.aisec.fairness.simulation.AdaptiveThreshold;
import dev.aisec.fairness.simulation.ClusterPopulation;
import dev.aisec.fairness.simulation.Decision;
import dev.aisec.fairness.simulation.DecisionCriterion;
import dev.aisec.fairness.simulation.LendingEnvironment;
import dev.aisec.fairness.simulation.LendingState;
import dev.aisec.fairness.simulation.RulePolicy;
import dev.aisec.fairness.simulation.Simulation;
import dev.aisec.fairness.simulation.SimulationPolicy;
import dev.aisec.fairness.simulation.SimulationResult;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Steps of the lending environment in a second, an applicant each. Beside it a plain loop over mutable arrays with the same draws, which is what
 * immutable states and the interfaces are measured against.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LendingBenchmark {
    private static final int STEPS = 100_000;

    private final ClusterPopulation population = ClusterPopulation.creditClusters();
    private final LendingEnvironment environment = LendingEnvironment.of(population);
    private final AcceptanceRule rule = AcceptanceRule.best(DecisionCriterion.EQUAL_OPPORTUNITY, population, 1);
    private final Simulation<LendingState, Decision> simulation = Simulation.<LendingState, Decision>of(
                    environment, STEPS, 1, new Seed(1))
            .withPoints(10);
    private final SimulationPolicy<LendingState, Decision> fixed = new RulePolicy<>(rule);
    private final SimulationPolicy<LendingState, Decision> adaptive =
            AdaptiveThreshold.of(environment, DecisionCriterion.EQUAL_OPPORTUNITY);

    @Benchmark
    @OperationsPerInvocation(STEPS)
    public SimulationResult<LendingState, Decision> fixedRule() {
        return simulation.run(fixed);
    }

    @Benchmark
    @OperationsPerInvocation(STEPS)
    public SimulationResult<LendingState, Decision> ruleSolvedEachStep() {
        return simulation.run(adaptive);
    }

    @Benchmark
    @OperationsPerInvocation(STEPS)
    public double plainLoop() {
        RandomGenerator world = new Seed(1).derive("environment").generator(0);
        RandomGenerator mind = new Seed(1).derive("agent").generator(0);
        double[][] mass = new double[2][7];
        double[] repay = new double[7];
        long[][] tally = new long[2][4];
        for (int c = 0; c < 7; c++) {
            repay[c] = population.qualified(c);
            for (int g = 0; g < 2; g++) {
                mass[g][c] = population.mass(g, c);
            }
        }
        double cash = 0;
        for (int t = 0; t < STEPS; t++) {
            int g = world.nextDouble() < population.share(0) ? 0 : 1;
            double u = world.nextDouble();
            int c = 0;
            while (c < 6 && u >= mass[g][c]) {
                u -= mass[g][c++];
            }
            boolean accepted = mind.nextDouble() < rule.accept(g, c);
            boolean repays = world.nextDouble() < repay[c];
            tally[g][0]++;
            if (repays) {
                tally[g][1]++;
            }
            if (accepted) {
                tally[g][2]++;
                if (repays) {
                    tally[g][3]++;
                }
                cash += repays ? environment.interest() : -1;
                double moved = Math.min(environment.shift(), mass[g][c]);
                mass[g][c] -= moved;
                mass[g][repays ? Math.min(c + 1, 6) : Math.max(c - 1, 0)] += moved;
            }
        }
        return cash + tally[0][2] + tally[1][3];
    }
}
