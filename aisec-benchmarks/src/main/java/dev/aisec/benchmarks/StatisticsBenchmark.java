// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.privacy.dp.BoundedSum;
import dev.aisec.privacy.dp.SumAccumulator;
import dev.aisec.privacy.dp.Variance;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Nanoseconds for one value of a sum of clamped values, 10⁶ of them, a quarter beyond each bound. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StatisticsBenchmark {
    static final int VALUES = 1_000_000;
    static final int USERS = 1 << 16;

    /** Who sums. */
    public enum Source {
        /** Doubles in a loop: order-dependent, of no known sensitivity. */
        PLAIN_LOOP,
        BOUNDED_SUM,
        VARIANCE,
        BOUNDED_SUM_ONE_BY_ONE,
        BOUNDED_SUM_BY_USER
    }

    @Param
    public Source source;

    private final double[] values =
            new SplittableRandom(1).doubles(VALUES, -0.5, 1.5).toArray();

    private SumAccumulator accumulator = BoundedSum.of(0, 1, 1).accumulator();

    @Setup
    public void setup() {
        accumulator = source == Source.VARIANCE
                ? Variance.of(0, 1, 1).accumulator()
                : BoundedSum.of(0, 1, 1).withContributions(4).accumulator();
    }

    @Benchmark
    @OperationsPerInvocation(VALUES)
    public Object sum() {
        switch (source) {
            case PLAIN_LOOP -> {
                double sum = 0;
                for (double value : values) {
                    sum += Math.min(Math.max(value, 0), 1);
                }
                return sum;
            }
            case BOUNDED_SUM_ONE_BY_ONE -> {
                for (double value : values) {
                    accumulator.add(value);
                }
            }
            case BOUNDED_SUM_BY_USER -> {
                for (int i = 0; i < VALUES; i++) {
                    accumulator.add(i & USERS - 1, values[i]);
                }
            }
            default -> accumulator.addAll(values);
        }
        return accumulator;
    }
}
