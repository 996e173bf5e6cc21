// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Batches;
import dev.aisec.nd4j.Dl4jClassifier;
import dev.aisec.nd4j.engine.Networks;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Microseconds of a forward pass of a batch: the engine beside ONNX Runtime and Deeplearning4j as shipped. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class ForwardBenchmark {
    /** Who runs it. */
    public enum Engine {
        DL4J,
        ADAPTER,
        ORT,
        ENGINE,
        ENGINE_TWO_THREADS
    }

    @Param
    public Rivals.Net net;

    @Param
    public Engine engine;

    @Param({"1", "256"})
    public int batch;

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private MultiLayerNetwork network;
    private Classifier classifier;
    private Batch inputs;
    private INDArray x;

    @Setup
    public void setup() {
        network = net.make();
        inputs = Rivals.images(batch);
        classifier = switch (engine) {
            case DL4J, ADAPTER -> Dl4jClassifier.of(network, Rivals.IMAGE, Rivals.PIXELS);
            case ORT -> OnnxModels.of(network, Rivals.IMAGE);
            case ENGINE -> Networks.compile(network, Rivals.IMAGE, Rivals.PIXELS);
            case ENGINE_TWO_THREADS ->
                Networks.compile(network, Rivals.IMAGE, Rivals.PIXELS).on(pool);
        };
        Rivals.requireSame(network, classifier, inputs);
        x = Batches.toArray(inputs.reshape(Shape.of(784)), DataType.FLOAT);
    }

    @TearDown
    public void close() {
        x.close();
        pool.shutdownNow();
    }

    @Benchmark
    public float forward() {
        if (engine != Engine.DL4J) {
            return classifier.logits(inputs).get(0, 0);
        }
        try (INDArray output = network.output(x, false)) {
            return output.getFloat(0, 0);
        }
    }
}
