// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.BatchSampler;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.Batches;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
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

/**
 * Seconds to train a LeNet on MNIST for six epochs in batches of 64 with Adam: the engine beside Deeplearning4j's own fit.
 * Prints the accuracy on the test images. Without the data, random images serve, for the time alone.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class TrainingBenchmark {
    private static final int EPOCHS = 6;
    private static final int BATCH = 64;
    private static final double RATE = 1e-3;

    /** Who trains. */
    public enum Engine {
        DL4J,
        ENGINE,
        ENGINE_TWO_THREADS
    }

    @Param
    public Engine engine;

    @Param("10000")
    public int rows;

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private MultiLayerNetwork fresh;
    private Labelled train;
    private Labelled test;

    @Setup
    public void setup() {
        fresh = Dl4jNetworks.leNet(28, 28, 10, 1);
        fresh.setLearningRate(RATE);
        train = Rivals.mnist("train10k", rows);
        test = Rivals.mnist("t10k", rows);
    }

    @TearDown
    public void close() {
        pool.shutdownNow();
    }

    @Benchmark
    public double train() {
        MultiLayerNetwork network = fresh.clone();
        CompiledNetwork trained;
        long start = System.nanoTime();
        if (engine == Engine.DL4J) {
            network.setLearningRate(RATE);
            fit(network);
            trained = Networks.compile(network, Rivals.IMAGE, Rivals.PIXELS);
        } else {
            NetworkTrainer trainer =
                    engine == Engine.ENGINE ? NetworkTrainer.onCallingThread() : NetworkTrainer.on(pool);
            TrainingPlan plan = TrainingPlan.of(BATCH, RATE, EPOCHS, new Seed(1));
            trained = trainer.train(Networks.compile(network, Rivals.IMAGE, Rivals.PIXELS), train, plan, Progress.NONE);
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        int[] predicted = trained.predict(test.inputs());
        int right = 0;
        for (int i = 0; i < predicted.length; i++) {
            right += predicted[i] == test.targets().label(i) ? 1 : 0;
        }
        System.out.printf("%s: %.2f s, accuracy %.4f%n", engine, seconds, (double) right / predicted.length);
        return right;
    }

    /** The same batches that the engine's plan has. */
    private void fit(MultiLayerNetwork network) {
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            List<int[]> batches = BatchSampler.shuffled(BATCH).batches(train, epoch, new Seed(1));
            for (int[] rowsOfBatch : batches) {
                Labelled part = train.select(rowsOfBatch);
                try (INDArray x = Batches.toArray(part.inputs().reshape(Shape.of(784)), DataType.FLOAT);
                        INDArray y = Nd4j.zeros(DataType.FLOAT, part.size(), 10)) {
                    for (int i = 0; i < part.size(); i++) {
                        y.putScalar(i, part.targets().label(i), 1);
                    }
                    network.fit(new DataSet(x, y));
                }
            }
        }
    }
}
