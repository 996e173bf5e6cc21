// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Idx;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.nd4j.engine.Window;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** The networks that rivals run, and their inputs. */
public final class Rivals {
    static final Shape IMAGE = Shape.of(1, 28, 28);
    static final Bounds PIXELS = Bounds.of(0, 1);

    private Rivals() {}

    /** The network. */
    public enum Net {
        /** Convolutions of 20 and 50 maps, 500 hidden units. */
        LENET,
        /** Dense layers 784-256-256-10. */
        MLP;

        MultiLayerNetwork make() {
            return this == LENET ? Dl4jNetworks.leNet(28, 28, 10, 1) : OnnxModels.mlp(1);
        }
    }

    /**
     * A small convolutional network that was trained for three epochs on MNIST, for attacks: 8 and 16 maps, 64 hidden units.
     *
     * @param train labelled images
     * @return the trained network; the same bytes each time
     */
    static CompiledNetwork trainedCnn(Labelled train) {
        Window pool = Window.square(2, 2);
        NetworkSpec layers = NetworkSpec.chain(
                IMAGE,
                new LayerSpec.Convolution(8, Window.square(5, 1), 1, true, Activation.RELU),
                new LayerSpec.Pooling(LayerSpec.Reduction.MAX, false, pool),
                new LayerSpec.Convolution(16, Window.square(5, 1), 1, true, Activation.RELU),
                new LayerSpec.Pooling(LayerSpec.Reduction.MAX, false, pool),
                new LayerSpec.Dense(64, true, Activation.RELU),
                new LayerSpec.Dense(10, true, Activation.IDENTITY));
        TrainingPlan plan = TrainingPlan.of(64, 1e-3, 3, new Seed(1));
        return NetworkTrainer.onCallingThread()
                .train(Networks.of(layers, new Seed(1), PIXELS), train, plan, Progress.NONE);
    }

    /**
     * MNIST from the folder that the system property {@code aisec.data} names, else random images with a printed reason.
     *
     * @param name {@code train10k} or {@code t10k}
     * @param rows how many
     * @return labelled images
     */
    static Labelled mnist(String name, int rows) {
        Path folder = Path.of(System.getProperty("aisec.data", "../../shared/data"), "mnist");
        if (!Files.isDirectory(folder)) {
            System.out.println("no MNIST in " + folder + ": random images serve, for the time alone");
            int[] labels = new int[rows];
            Arrays.setAll(labels, i -> i % 10);
            return new Labelled(images(rows), Targets.of(labels));
        }
        try {
            return Idx.read(
                            folder.resolve(name + "-images-idx3-ubyte.gz"),
                            folder.resolve(name + "-labels-idx1-ubyte.gz"))
                    .first(rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Batch images(int rows) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[rows * IMAGE.size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        return Batch.wrap(pixels, IMAGE);
    }

    /** Rivals must compute the same. */
    static void requireSame(MultiLayerNetwork network, Classifier rival, Batch inputs) {
        float[] expected =
                Networks.compile(network, IMAGE, PIXELS).logits(inputs).toArray();
        float[] actual = rival.logits(inputs).toArray();
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) < 1e-3)) {
                throw new IllegalStateException("logit " + i + " must be " + expected[i] + ", was " + actual[i]);
            }
        }
    }
}
