// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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

/** Nanoseconds for one standard normal float, filling the noise of 256 images of 28 x 28. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class GaussianNoiseBenchmark {
    static final int VALUES = 256 * 784;

    /** Who draws. */
    public enum Source {
        JAVA_UTIL_RANDOM,
        SPLITTABLE_RANDOM,
        L64X128_MIX_RANDOM,
        AISEC,
        ND4J
    }

    @Param
    public Source source;

    private final float[] values = new float[VALUES];
    private final float[] center = new float[VALUES];
    private RandomGenerator generator = new SplittableRandom(1);
    private final GaussianNoise noise = new GaussianNoise(new Seed(1).generator(0));

    @Setup
    public void setup() {
        generator = switch (source) {
            case JAVA_UTIL_RANDOM -> new Random(1);
            case L64X128_MIX_RANDOM -> RandomGenerator.of("L64X128MixRandom");
            default -> new SplittableRandom(1);
        };
    }

    @Benchmark
    @OperationsPerInvocation(VALUES)
    public float fill() {
        if (source == Source.ND4J) {
            try (INDArray array = Nd4j.randn(DataType.FLOAT, VALUES)) {
                array.data().asNioFloat().get(values);
            }
        } else if (source == Source.AISEC) {
            noise.addTo(center, 0, 1, values, 0, VALUES);
        } else {
            for (int i = 0; i < VALUES; i++) {
                values[i] = (float) generator.nextGaussian();
            }
        }
        return values[VALUES - 1];
    }
}
