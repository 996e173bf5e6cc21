// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.privacy.dp.DiscreteGaussian;
import dev.aisec.privacy.dp.DiscreteLaplace;
import dev.aisec.privacy.dp.RoundedGaussian;
import dev.aisec.privacy.dp.SecureBits;
import dev.aisec.privacy.dp.UnaccountedNoise;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.commons.math3.distribution.LaplaceDistribution;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.random.Well19937c;
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

/**
 * Nanoseconds for one value of noise. Those marked AISEC are exact and from a secure generator; the others are neither, and are
 * yardsticks only.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NoiseBenchmark {
    static final int VALUES = 1 << 14;

    private static final double SCALE = 1024;

    /** Who draws what. */
    public enum Subject {
        AISEC_DISCRETE_LAPLACE_SCALAR,
        AISEC_DISCRETE_LAPLACE_BULK,
        AISEC_DISCRETE_GAUSSIAN_SCALAR,
        AISEC_DISCRETE_GAUSSIAN_BULK,
        AISEC_ROUNDED_GAUSSIAN_BULK,
        AISEC_LAPLACE_DOUBLE_SCALAR,
        AISEC_LAPLACE_DOUBLE_BULK,
        AISEC_GAUSSIAN_DOUBLE_SCALAR,
        AISEC_GAUSSIAN_DOUBLE_BULK,
        AISEC_GAUSSIAN_FLOAT_BULK,
        AISEC_BITS_ONLY,
        SPLITTABLE_RANDOM_GAUSSIAN,
        COMMONS_MATH_LAPLACE,
        COMMONS_MATH_NORMAL,
        PLAIN_ADDITION
    }

    @Param
    public Subject subject;

    private final long[] integers = new long[VALUES];
    private final double[] doubles = new double[VALUES];
    private final float[] floats = new float[VALUES];
    private Consumer<NoiseBenchmark> work = b -> {};

    @Setup
    public void setup() {
        DiscreteLaplace discreteLaplace = DiscreteLaplace.of(SCALE);
        DiscreteGaussian discreteGaussian = DiscreteGaussian.of(SCALE);
        RoundedGaussian rounded = RoundedGaussian.of(0x1p40);
        UnaccountedNoise laplace = UnaccountedNoise.laplace(1);
        UnaccountedNoise gaussian = UnaccountedNoise.gaussian(1);
        work = switch (subject) {
            case AISEC_DISCRETE_LAPLACE_SCALAR ->
                b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.integers[i] = discreteLaplace.sample();
                    }
                };
            case AISEC_DISCRETE_LAPLACE_BULK -> b -> discreteLaplace.fill(b.integers);
            case AISEC_DISCRETE_GAUSSIAN_SCALAR ->
                b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.integers[i] = discreteGaussian.sample();
                    }
                };
            case AISEC_DISCRETE_GAUSSIAN_BULK -> b -> discreteGaussian.fill(b.integers);
            case AISEC_ROUNDED_GAUSSIAN_BULK -> b -> rounded.fill(b.integers);
            case AISEC_LAPLACE_DOUBLE_SCALAR ->
                b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.doubles[i] = laplace.addTo(1.0);
                    }
                };
            case AISEC_LAPLACE_DOUBLE_BULK -> b -> laplace.addTo(b.doubles);
            case AISEC_GAUSSIAN_DOUBLE_SCALAR ->
                b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.doubles[i] = gaussian.addTo(1.0);
                    }
                };
            case AISEC_GAUSSIAN_DOUBLE_BULK -> b -> gaussian.addTo(b.doubles);
            case AISEC_GAUSSIAN_FLOAT_BULK -> b -> gaussian.addTo(b.floats);
            case AISEC_BITS_ONLY ->
                b -> {
                    SecureBits bits = SecureBits.current();
                    for (int i = 0; i < VALUES; i++) {
                        b.integers[i] = bits.nextLong();
                    }
                };
            case SPLITTABLE_RANDOM_GAUSSIAN -> {
                SplittableRandom random = new SplittableRandom(1);
                yield b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.doubles[i] = random.nextGaussian();
                    }
                };
            }
            case COMMONS_MATH_LAPLACE -> sampling(new LaplaceDistribution(new Well19937c(1), 0, 1));
            case COMMONS_MATH_NORMAL -> sampling(new NormalDistribution(new Well19937c(1), 0, 1));
            case PLAIN_ADDITION ->
                b -> {
                    for (int i = 0; i < VALUES; i++) {
                        b.doubles[i] += 1;
                    }
                };
        };
    }

    private static Consumer<NoiseBenchmark> sampling(RealDistribution distribution) {
        return b -> {
            for (int i = 0; i < VALUES; i++) {
                b.doubles[i] = distribution.sample();
            }
        };
    }

    @Benchmark
    @OperationsPerInvocation(VALUES)
    public void draw() {
        work.accept(this);
    }
}
