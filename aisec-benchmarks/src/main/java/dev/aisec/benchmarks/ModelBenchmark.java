// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Batches;
import dev.aisec.nd4j.Dl4jClassifier;
import dev.aisec.nd4j.Dl4jNetworks;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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

/** Microseconds of a forward pass and of an input gradient of a batch: our adapter beside Deeplearning4j as shipped. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class ModelBenchmark {
    /** The network. */
    public enum Net {
        LENET,
        SMALL_CNN;

        MultiLayerNetwork make() {
            return this == LENET ? Dl4jNetworks.leNet(28, 28, 10, 1) : Dl4jNetworks.smallCnn(28, 28, 10, 1);
        }
    }

    /** Who runs it. */
    public enum Engine {
        DL4J,
        ADAPTER
    }

    @Param
    public Net net;

    @Param
    public Engine engine;

    @Param({"1", "32", "256"})
    public int batch;

    private MultiLayerNetwork network;
    private Dl4jClassifier adapter;
    private Batch inputs;
    private INDArray x;
    private INDArray labels;

    @Setup
    public void setup() {
        network = net.make();
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[batch * 784];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        inputs = Batch.wrap(pixels, Shape.of(1, 28, 28));
        adapter = Dl4jClassifier.of(network, inputs.shape(), Bounds.of(0, 1));
        x = Batches.toArray(inputs.reshape(Shape.of(784)), DataType.FLOAT);
        labels = Nd4j.zeros(DataType.FLOAT, batch, 10);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % 10, 1);
        }
    }

    @TearDown
    public void close() {
        x.close();
        labels.close();
    }

    @Benchmark
    public float forward() {
        if (engine == Engine.ADAPTER) {
            return adapter.logits(inputs).get(0, 0);
        }
        try (INDArray output = network.output(x, false)) {
            return output.getFloat(0, 0);
        }
    }

    @Benchmark
    public float gradient() {
        if (engine == Engine.ADAPTER) {
            return adapter.gradient(inputs, z -> z).gradient().get(0, 0);
        }
        try (INDArray gradient =
                network.calculateGradients(x, labels, null, null).getSecond()) {
            return gradient.getFloat(0, 0);
        }
    }
}
