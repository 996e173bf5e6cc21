// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class OnnxClassifierTest {
    private static final Shape IMAGE = Shape.of(1, 28, 28);
    private static final Bounds UNIT = Bounds.of(0, 1);

    /** Networks that both engines run. */
    enum Net {
        LENET,
        SMALL_CNN,
        MLP;

        MultiLayerNetwork dl4j() {
            MultiLayerNetwork network = switch (this) {
                case LENET -> Dl4jNetworks.leNet(28, 28, 10, 1);
                case SMALL_CNN -> Dl4jNetworks.smallCnn(28, 28, 10, 1);
                case MLP -> mlp();
            };
            // Fresh biases are zero, which would hide their loss.
            RandomGenerator random = new Seed(4).generator(0);
            for (int i = 0; i < network.getnLayers(); i++) {
                org.nd4j.linalg.api.ndarray.INDArray b =
                        network.getLayer(i).paramTable().get("b");
                for (int j = 0; b != null && j < b.length(); j++) {
                    b.putScalar(j, random.nextFloat() - 0.5f);
                }
            }
            return network;
        }

        Classifier onnx() {
            return OnnxClassifierTest.onnx(OnnxNetworks.bytes(dl4j(), IMAGE), IMAGE, 10);
        }
    }

    private static MultiLayerNetwork mlp() {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(1)
                .weightInit(WeightInit.RELU)
                .list();
        for (int in : new int[] {784, 256}) {
            layers.layer(new DenseLayer.Builder()
                    .nIn(in)
                    .nOut(256)
                    .activation(Activation.RELU)
                    .build());
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(layers.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nIn(256)
                                .nOut(10)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .build());
        network.init();
        return network;
    }

    /** A classifier whose session lives as long as the test run. */
    private static Classifier onnx(byte[] file, Shape shape, int classes) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            OrtSession session = OrtEnvironment.getEnvironment().createSession(file, options);
            return new OnnxClassifier(session, new ModelSpec(shape, classes, UNIT));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private static float[] random(int count, long seed) {
        RandomGenerator random = new Seed(seed).generator(0);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    private static float[] centred(int count, long seed) {
        float[] values = random(count, seed);
        for (int i = 0; i < count; i++) {
            values[i] -= 0.5f;
        }
        return values;
    }

    private static void near(float[] actual, double[] expected, double tolerance) {
        assertThat(actual).hasSize(expected.length);
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            // Math.max keeps NaN.
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
        }
        assertThat(largest).isPositive();
        assertThat(difference).isLessThanOrEqualTo(tolerance * largest);
    }

    @ParameterizedTest
    @EnumSource
    void logits_sameWeights_areThoseOfDeeplearning4j(Net net) {
        Batch inputs = Batch.wrap(random(33 * 784, 2), IMAGE);
        float[] expected =
                Dl4jClassifier.of(net.dl4j(), IMAGE, UNIT).logits(inputs).toArray();
        double[] exact = new double[expected.length];
        for (int i = 0; i < exact.length; i++) {
            exact[i] = expected[i];
        }
        Classifier onnx = net.onnx();
        near(onnx.logits(inputs).toArray(), exact, 1e-4);
        // A view that begins in the middle of the array.
        Batch part = onnx.logits(inputs.rows(7, 12));
        near(part.toArray(), java.util.Arrays.copyOfRange(exact, 70, 120), 1e-4);
        assertThat(part.rowNumber(0)).isEqualTo(7);
    }

    @Test
    void predict_trainedElsewhere_isRightOnCleanImages() {
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[200 * 144];
        int[] labels = new int[200];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % 2;
            for (int j = 0; j < 144; j++) {
                pixels[i * 144 + j] = 0.5f * random.nextFloat() + (j / 72 == labels[i] ? 0.4f : 0);
            }
        }
        Shape shape = Shape.of(1, 12, 12);
        Labelled halves = new Labelled(Batch.wrap(pixels, shape), Targets.of(labels));
        MultiLayerNetwork network = NetworkTrainer.onCallingThread()
                .train(
                        Networks.compile(Dl4jNetworks.smallCnn(12, 12, 2, 5), UNIT),
                        halves,
                        TrainingPlan.of(16, 2e-3, 3, new Seed(1)),
                        Progress.NONE)
                .toMultiLayerNetwork();
        Classifier model = onnx(OnnxNetworks.bytes(network, shape), shape, 2);
        int[] predicted = model.predict(halves.inputs());
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += predicted[i] == labels[i] ? 1 : 0;
        }
        assertThat(right / 200.0).isGreaterThan(0.95);
    }

    @Test
    void logits_emptyBatch_isEmpty() {
        Classifier model = Net.MLP.onnx();
        Batch none = model.logits(Batch.wrap(new float[0], IMAGE));
        assertThat(none.size()).isZero();
        assertThat(none.shape()).isEqualTo(Shape.of(10));
        assertThat(model.predict(Batch.wrap(new float[0], IMAGE))).isEmpty();
    }

    @Test
    void logits_modelOfOtherClasses_isRefused() {
        Classifier model = onnx(OnnxNetworks.bytes(mlp(), IMAGE), IMAGE, 9);
        assertThatThrownBy(() -> model.logits(Batch.wrap(new float[2 * 784], IMAGE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("values must have 18 entries, had 20");
    }

    /** Every attribute of a convolution, batch normalisation and addition, against loops. */
    @Test
    void onnxFile_stridePadDilationGroup_areThoseOfTheDefinition() {
        int in = 4;
        int side = 7;
        int maps = 6;
        int k = 3;
        int group = 2;
        int out = 4; // (7 + 2 · 2 - 5) / 2 + 1
        float[] w = centred(maps * 2 * k * k, 11);
        float[] b = centred(maps, 12);
        float[] scale = random(maps, 13);
        float[] shift = centred(maps, 14);
        float[] mean = centred(maps, 15);
        float[] variance = random(maps, 16);
        float[] added = centred(maps * out * out, 17);
        byte[] file = OnnxFile.builder(in, side, side)
                .conv(w, b, maps, in, k, 2, 2, 2, group)
                .batchNormalization(scale, shift, mean, variance, 0.01f)
                .add(added)
                .flatten()
                .bytes();
        Shape shape = Shape.of(in, side, side);
        Batch inputs = Batch.wrap(centred(3 * shape.size(), 18), shape);
        double[] expected = new double[3 * maps * out * out];
        for (int i = 0; i < expected.length; i++) {
            int x = i % out;
            int y = i / out % out;
            int m = i / (out * out) % maps;
            int n = i / (out * out * maps);
            double sum = b[m];
            for (int j = 0; j < 2 * k * k; j++) {
                int row = 2 * y - 2 + 2 * (j / k % k);
                int column = 2 * x - 2 + 2 * (j % k);
                int channel = m / (maps / group) * 2 + j / (k * k);
                if (row >= 0 && row < side && column >= 0 && column < side) {
                    sum += (double) w[m * 2 * k * k + j] * inputs.get(n, (channel * side + row) * side + column);
                }
            }
            expected[i] = (sum - mean[m]) / Math.sqrt(variance[m] + 0.01) * scale[m]
                    + shift[m]
                    + added[i % (maps * out * out)];
        }
        near(onnx(file, shape, maps * out * out).logits(inputs).toArray(), expected, 1e-5);
    }

    @Test
    void onnxFile_weightsThatDoNotFit_areRefused() {
        assertThatThrownBy(() -> OnnxFile.builder(4).gemm(new float[7], new float[2], 2, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("weights of shape [2, 4] must have 8 values, had 7");
        assertThatThrownBy(() -> OnnxFile.builder(1, 2, 2).gemm(new float[8], new float[2], 2, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[1, 2, 2]");
    }
}
