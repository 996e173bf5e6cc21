// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.fairness.metric.AuditSettings;
import dev.aisec.fairness.metric.Disparity;
import dev.aisec.fairness.metric.FairnessAudit;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
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

/** Nanoseconds a row to fill the table of an audit, 10⁶ rows in 4 groups; and a bootstrap of 1,000 draws on it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FairnessBenchmark {
    static final int ROWS = 1_000_000;

    private final GroupSpace space = GroupSpace.of("g", "a", "b", "c", "d");
    private final int[] groups = new SplittableRandom(1).ints(ROWS, 0, 4).toArray();
    private final boolean[] labels = new boolean[ROWS];
    private final boolean[] decisions = new boolean[ROWS];
    private final byte[] labelBytes = new byte[ROWS];
    private final byte[] decisionBytes = new byte[ROWS];
    private final double[] weights = new SplittableRandom(2).doubles(ROWS).toArray();
    private final GroupCube cube;
    private final GroupCube.Accumulator accumulator = GroupCube.accumulator(space);
    private final Disparity odds =
            Disparity.equalizedOddsDifference().withSettings(AuditSettings.DEFAULT.withReplicates(1000));

    /** Fills the columns. */
    public FairnessBenchmark() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < ROWS; i++) {
            labels[i] = random.nextBoolean();
            decisions[i] = random.nextInt(3) == 0;
            labelBytes[i] = (byte) (labels[i] ? 1 : 0);
            decisionBytes[i] = (byte) (decisions[i] ? 1 : 0);
        }
        cube = GroupCube.of(space, groups, labels, decisions);
    }

    /** The least that can be done: counts, nothing checked. */
    @Benchmark
    @OperationsPerInvocation(ROWS)
    public long[] plainLoop() {
        long[] counts = new long[16];
        for (int i = 0; i < ROWS; i++) {
            counts[groups[i] * 4 + labelBytes[i] * 2 + decisionBytes[i]]++;
        }
        return counts;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Object columns() {
        accumulator.addAll(groups, labels, decisions);
        return accumulator;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Object byteColumns() {
        accumulator.addAll(groups, labelBytes, decisionBytes);
        return accumulator;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Object rows() {
        for (int i = 0; i < ROWS; i++) {
            accumulator.add(groups[i], labels[i], decisions[i]);
        }
        return accumulator;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Object weightedColumns() {
        return GroupCube.of(space, groups, labels, decisions, weights);
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public Object bootstrapOfThousand() {
        return odds.of(cube);
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public Object wholeAudit() {
        return FairnessAudit.of().audit(cube);
    }
}
