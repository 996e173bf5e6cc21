// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import dev.aisec.fairness.postprocess.ParityConstraint;
import dev.aisec.fairness.postprocess.RejectOption;
import dev.aisec.fairness.postprocess.ThresholdOptimizer;
import dev.aisec.fairness.postprocess.ThresholdSolution;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Milliseconds for the best fair thresholds of 4 groups, sorting and certificate included, and for reject option. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ThresholdBenchmark {
    @Param({"5000", "1000000"})
    public int rows;

    private GroupedRows people;
    private double[] scores;

    @Setup
    public void draw() {
        RandomGenerator random = new Seed(1).generator(0);
        int[] groups = new int[rows];
        boolean[] labels = new boolean[rows];
        scores = new double[rows];
        for (int i = 0; i < rows; i++) {
            groups[i] = i % 4;
            labels[i] = random.nextDouble() < 0.3 + 0.1 * groups[i];
            scores[i] = 1 / (1 + Math.exp(-random.nextGaussian() - (labels[i] ? 1 : 0)));
        }
        people = GroupedRows.of(GroupSpace.of("group", "a", "b", "c", "d"), groups, labels);
    }

    @Benchmark
    public ThresholdSolution demographicParity() {
        return ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).solve(people, scores);
    }

    @Benchmark
    public ThresholdSolution equalizedOdds() {
        return ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS).solve(people, scores);
    }

    @Benchmark
    public RejectOption.Fitted rejectOption() {
        return RejectOption.of(ParityConstraint.DEMOGRAPHIC_PARITY, Set.of(0, 1))
                .fit(people, scores);
    }

    @Benchmark
    public RejectOption.Fitted rejectOptionHundredThresholds() {
        return RejectOption.of(ParityConstraint.DEMOGRAPHIC_PARITY, Set.of(0, 1))
                .withThresholds(100)
                .fit(people, scores);
    }
}
