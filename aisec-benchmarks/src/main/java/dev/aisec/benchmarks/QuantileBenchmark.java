// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.privacy.dp.AutomaticBounds;
import dev.aisec.privacy.dp.BinAccumulator;
import dev.aisec.privacy.dp.Quantiles;
import java.util.Arrays;
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

/** Nanoseconds for one value of a quantile tree of 2¹⁶ leaves, 10⁶ of them, a quarter beyond each bound. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class QuantileBenchmark {
    static final int VALUES = 1_000_000;
    static final int USERS = 1 << 16;

    /** Who takes the values. */
    public enum Source {
        /** Exact quantiles of a sorted copy: not private. */
        SORT,
        QUANTILES,
        QUANTILES_ONE_BY_ONE,
        QUANTILES_BY_USER,
        AUTOMATIC_BOUNDS
    }

    @Param
    public Source source;

    private final double[] values =
            new SplittableRandom(1).doubles(VALUES, -0.5, 1.5).toArray();

    private BinAccumulator accumulator = Quantiles.of(0, 1, 1).accumulator();

    @Setup
    public void setup() {
        accumulator = source == Source.AUTOMATIC_BOUNDS
                ? AutomaticBounds.of(1).accumulator()
                : Quantiles.of(0, 1, 1).withContributions(4).accumulator();
    }

    @Benchmark
    @OperationsPerInvocation(VALUES)
    public Object count() {
        switch (source) {
            case SORT -> {
                double[] sorted = values.clone();
                Arrays.sort(sorted);
                return sorted;
            }
            case QUANTILES_ONE_BY_ONE -> {
                for (double value : values) {
                    accumulator.add(value);
                }
            }
            case QUANTILES_BY_USER -> {
                for (int i = 0; i < VALUES; i++) {
                    accumulator.add(i & USERS - 1, values[i]);
                }
            }
            default -> accumulator.addAll(values);
        }
        return accumulator;
    }
}
