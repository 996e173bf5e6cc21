// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Batches;
import dev.aisec.nd4j.Dl4jClassifier;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.nd4j.engine.Window;
import java.util.ArrayList;
import java.util.List;
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

/** Microseconds of a forward pass and of an input gradient of a batch: the network engine and our
 * adapter beside Deeplearning4j as shipped. */
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

        CompiledNetwork compile(MultiLayerNetwork network) {
            LayerSpec[] specs = this == LENET
                    ? new LayerSpec[] {
                        new LayerSpec.Convolution(20, Window.square(5, 1), 1, true, Activation.IDENTITY),
                        new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, Window.square(2, 2)),
                        new LayerSpec.Convolution(50, Window.square(5, 1), 1, true, Activation.IDENTITY),
                        new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, Window.square(2, 2)),
                        new LayerSpec.Dense(500, true, Activation.RELU),
                        new LayerSpec.Dense(10, true, Activation.IDENTITY)
                    }
                    : new LayerSpec[] {
                        new LayerSpec.Convolution(16, Window.square(5, 2), 1, true, Activation.RELU),
                        new LayerSpec.Convolution(32, Window.square(3, 2), 1, true, Activation.RELU),
                        new LayerSpec.Dense(80, true, Activation.RELU),
                        new LayerSpec.Dense(10, true, Activation.IDENTITY)
                    };
            List<NetworkSpec.Layer> layers = new ArrayList<>();
            for (int i = 0; i < specs.length; i++) {
                layers.add(new NetworkSpec.Layer("layer" + i, specs[i]));
            }
            float[] parameters = Batches.fromArray(network.params().reshape(1, network.numParams()))
                    .toArray();
            return Networks.of(new NetworkSpec(Shape.of(1, 28, 28), layers), parameters, Bounds.of(0, 1));
        }

        MultiLayerNetwork make() {
            return this == LENET ? Dl4jNetworks.leNet(28, 28, 10, 1) : Dl4jNetworks.smallCnn(28, 28, 10, 1);
        }
    }

    /** Who runs it. */
    public enum Engine {
        DL4J,
        ADAPTER,
        ENGINE
    }

    @Param
    public Net net;

    @Param
    public Engine engine;

    @Param({"1", "32", "256"})
    public int batch;

    private MultiLayerNetwork network;
    private DifferentiableClassifier classifier;
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
        Dl4jClassifier adapter = Dl4jClassifier.of(network, inputs.shape(), Bounds.of(0, 1));
        classifier = engine == Engine.ENGINE ? net.compile(network) : adapter;
        float difference = Math.abs(
                classifier.logits(inputs).get(0, 0) - adapter.logits(inputs).get(0, 0));
        if (!(difference < 1e-3)) {
            throw new IllegalStateException("the rivals must compute the same, differ by " + difference);
        }
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
        if (engine != Engine.DL4J) {
            return classifier.logits(inputs).get(0, 0);
        }
        try (INDArray output = network.output(x, false)) {
            return output.getFloat(0, 0);
        }
    }

    @Benchmark
    public float gradient() {
        if (engine != Engine.DL4J) {
            return classifier.gradient(inputs, z -> z).gradient().get(0, 0);
        }
        try (INDArray gradient =
                network.calculateGradients(x, labels, null, null).getSecond()) {
            return gradient.getFloat(0, 0);
        }
    }
}
