// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.robustness.smoothing.Certificate;
import dev.aisec.robustness.smoothing.GaussianSmoothing;
import dev.aisec.robustness.smoothing.SmoothedClassifier;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Milliseconds to certify one image on a LeNet with 10,240 samples, beside the bare forward passes of as many images. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class CertifyBenchmark {
    private static final int SAMPLES = 10_240;
    private static final int BATCH = 256;

    private CompiledNetwork model;
    private SmoothedClassifier smoothed;
    private Batch image;
    private Batch copies;

    @Setup
    public void setup() {
        Shape shape = Shape.of(1, 28, 28);
        model = Networks.compile(Rivals.Net.LENET.make(), shape, Bounds.of(0, 1));
        // One selection sample: what is measured is the estimation.
        smoothed = SmoothedClassifier.of(
                model,
                GaussianSmoothing.of(0.25).withSelection(1).withSamples(SAMPLES).withBatch(BATCH));
        image = Batch.wrap(new float[784], shape);
        copies = Batch.wrap(new float[BATCH * 784], shape);
    }

    @Benchmark
    public List<Certificate> certify() {
        return smoothed.certify(image);
    }

    @Benchmark
    public int forwardPassesOnly() {
        int sum = 0;
        for (int done = 0; done < SAMPLES; done += BATCH) {
            sum += model.predict(copies)[0];
        }
        return sum;
    }
}
