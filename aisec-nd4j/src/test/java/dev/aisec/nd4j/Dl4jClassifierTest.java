// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class Dl4jClassifierTest {
    private static final Shape IMAGE = Shape.of(1, 12, 12);
    private static final Bounds UNIT = Bounds.of(0, 1);

    /** Networks of every supported kind of layer. */
    enum Net {
        MLP,
        MLP_DROPOUT,
        CNN_MAX,
        CNN_AVERAGE_SAME,
        CNN_BATCH_NORM,
        CNN_BATCH_NORM_LOCKED,
        CNN_GLOBAL_POOLING,
        MLP_BATCH_NORM,
        FROZEN,
        LOSS_LAYER,
        SIGMOID_OUTPUT,
        ZERO_PADDING,
        UPSAMPLING,
        LOCAL_RESPONSE,
        CNN_PNORM,
        GLOBAL_MAX,
        LAYER_NORM,
        DOUBLE_BATCH_NORM;

        /** Whether the engine knows its layers. */
        boolean compiles() {
            return this != CNN_PNORM && this != LAYER_NORM;
        }

        MultiLayerNetwork make() {
            NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                    .seed(5)
                    .dataType(this == DOUBLE_BATCH_NORM ? DataType.DOUBLE : DataType.FLOAT)
                    .updater(new Adam(0.01))
                    .activation(Activation.TANH)
                    .list();
            switch (this) {
                case MLP, FROZEN, SIGMOID_OUTPUT -> list.layer(dense(20)).layer(dense(15));
                case MLP_DROPOUT ->
                    list.layer(new DenseLayer.Builder().nOut(20).dropOut(0.5).build())
                            .layer(new DropoutLayer(0.5))
                            .layer(dense(10));
                case CNN_MAX ->
                    list.layer(conv())
                            .layer(pool(SubsamplingLayer.PoolingType.MAX))
                            .layer(dense(15));
                case CNN_AVERAGE_SAME ->
                    list.layer(new ConvolutionLayer.Builder(3, 3)
                                    .nOut(4)
                                    .convolutionMode(ConvolutionMode.Same)
                                    .build())
                            .layer(pool(SubsamplingLayer.PoolingType.AVG));
                case CNN_BATCH_NORM ->
                    list.layer(conv())
                            .layer(new BatchNormalization())
                            .layer(new ActivationLayer(Activation.RELU))
                            .layer(conv());
                case CNN_BATCH_NORM_LOCKED ->
                    list.layer(conv())
                            .layer(new BatchNormalization.Builder()
                                    .lockGammaBeta(true)
                                    .gamma(1.5)
                                    .beta(0.3)
                                    .useLogStd(true)
                                    .build())
                            .layer(new ActivationLayer(Activation.RELU));
                case CNN_GLOBAL_POOLING -> list.layer(conv()).layer(new GlobalPoolingLayer(PoolingType.AVG));
                case MLP_BATCH_NORM ->
                    list.layer(dense(20)).layer(new BatchNormalization()).layer(dense(10));
                case LOSS_LAYER -> list.layer(dense(20)).layer(dense(4));
                case ZERO_PADDING ->
                    list.layer(new ZeroPaddingLayer(2, 1))
                            .layer(conv())
                            .layer(new ZeroPaddingLayer(1, 1))
                            .layer(conv());
                case UPSAMPLING ->
                    list.layer(conv())
                            .layer(new Upsampling2D.Builder(2).build())
                            .layer(conv());
                case LOCAL_RESPONSE ->
                    list.layer(conv())
                            .layer(new LocalResponseNormalization.Builder().build())
                            .layer(conv());
                case CNN_PNORM ->
                    list.layer(conv())
                            .layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.PNORM)
                                    .kernelSize(2, 2)
                                    .stride(2, 2)
                                    .pnorm(2)
                                    .build());
                case GLOBAL_MAX -> list.layer(conv()).layer(new GlobalPoolingLayer(PoolingType.MAX));
                case LAYER_NORM ->
                    list.layer(
                            new DenseLayer.Builder().nOut(20).hasLayerNorm(true).build());
                case DOUBLE_BATCH_NORM ->
                    list.layer(conv())
                            .layer(new BatchNormalization())
                            .layer(dense(9))
                            .layer(new BatchNormalization.Builder()
                                    .useLogStd(true)
                                    .build());
            }
            LossFunctions.LossFunction loss = LossFunctions.LossFunction.MCXENT;
            list.layer(
                    this == LOSS_LAYER
                            ? new LossLayer.Builder(loss)
                                    .activation(Activation.SOFTMAX)
                                    .build()
                            : new OutputLayer.Builder(this == SIGMOID_OUTPUT ? LossFunctions.LossFunction.XENT : loss)
                                    .nOut(4)
                                    .activation(this == SIGMOID_OUTPUT ? Activation.SIGMOID : Activation.SOFTMAX)
                                    .build());
            MultiLayerNetwork net = new MultiLayerNetwork(
                    list.setInputType(InputType.convolutionalFlat(12, 12, 1)).build());
            net.init();
            // A step of training, so that running statistics are not those of a fresh layer.
            RandomGenerator random = new Seed(3).generator(0);
            DataType type = net.getLayerWiseConfigurations().getDataType();
            try (INDArray x = Batches.toArray(batch(32, random), Shape.of(144), type);
                    INDArray y = Nd4j.zeros(type, 32, 4)) {
                for (int i = 0; i < 32; i++) {
                    y.putScalar(i, i % 4, 1);
                }
                for (int step = 0; step < 3; step++) {
                    net.fit(x, y);
                }
            }
            return this == FROZEN
                    ? new TransferLearning.Builder(net).setFeatureExtractor(0).build()
                    : net;
        }

        private static DenseLayer dense(int n) {
            return new DenseLayer.Builder().nOut(n).build();
        }

        private static ConvolutionLayer conv() {
            return new ConvolutionLayer.Builder(3, 3).nOut(4).build();
        }

        private static SubsamplingLayer pool(SubsamplingLayer.PoolingType type) {
            return new SubsamplingLayer.Builder(type)
                    .kernelSize(2, 2)
                    .stride(2, 2)
                    .build();
        }
    }

    static Batch batch(int rows, RandomGenerator random) {
        float[] values = new float[rows * 144];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return Batch.wrap(values, IMAGE);
    }

    @ParameterizedTest
    @EnumSource
    void logitsAndGradient_everyKindOfLayer_agreeWithNetworkAndFiniteDifferences(Net kind) {
        MultiLayerNetwork net = kind.make();
        float[] before = Batches.values(net.params().reshape(1, net.numParams()));
        Dl4jClassifier model = Dl4jClassifier.of(net, IMAGE, UNIT);
        Batch x = batch(3, new Seed(9).generator(0));
        // of() has compared with the network's output and with differences; here each coordinate in double.
        MultiLayerNetwork exact = model.exactCopy();
        float[] v = {1, -2, 0.5f, 3, 0, 1, 1, -1, 2, 0, 0, -3};
        LogitsAndGradient both = model.gradient(x, z -> z.like(v, z.shape()));
        assertThat(both.logits()).isEqualTo(model.logits(x));
        int wrong = 0;
        for (int j = 0; j < 144; j++) {
            for (int row = 0; row < 3; row++) {
                double slope = slope(exact, x, row, j, v);
                double g = both.gradient().get(row, j);
                // A kink of max pooling or ReLU may lie within the step.
                wrong += Math.abs(slope - g) > 1e-4 * Math.max(1, Math.abs(slope)) ? 1 : 0;
            }
        }
        assertThat(wrong).isLessThanOrEqualTo(2);
        assertThat(Batches.values(net.params().reshape(1, net.numParams()))).isEqualTo(before);
    }

    private static double slope(MultiLayerNetwork exact, Batch x, int row, int feature, float[] v) {
        double[] sums = new double[2];
        double h = 1e-6;
        for (int side = 0; side < 2; side++) {
            double[] moved = new double[144];
            for (int j = 0; j < 144; j++) {
                moved[j] = x.get(row, j) + (j == feature ? (side == 0 ? h : -h) : 0);
            }
            try (INDArray in = Nd4j.createFromArray(moved).reshape(1, 144);
                    INDArray z = exact.output(in, false)) {
                for (int c = 0; c < 4; c++) {
                    sums[side] += v[row * 4 + c] * z.getDouble(0, c);
                }
            }
        }
        return (sums[0] - sums[1]) / (2 * h);
    }

    @Test
    void activations_everyLayer_haveStatedShapes() {
        Dl4jClassifier model = Dl4jClassifier.of(Net.CNN_MAX.make(), IMAGE, UNIT);
        Batch x = batch(2, new Seed(1).generator(0));
        assertThat(model.layers().stream().map(l -> l.outputShape().toString()))
                .containsExactly("[4, 10, 10]", "[4, 5, 5]", "[15]", "[4]");
        for (int i = 0; i < 4; i++) {
            assertThat(model.activations(x, i).shape())
                    .isEqualTo(model.layers().get(i).outputShape());
        }
        assertThat(model.activations(x, 3)).isEqualTo(model.logits(x));
    }

    @Test
    void of_unsupportedLayer_refusesNamingIt() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().nIn(3).nOut(4).name("memory").build())
                .layer(new RnnOutputLayer.Builder()
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        net.init();
        assertThatThrownBy(() -> Dl4jClassifier.of(net, Shape.of(3), UNIT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 0 (memory)")
                .hasMessageContaining("LSTM")
                .hasMessageContaining("DenseLayer");
    }

    private static MultiLayerNetwork ofLayers(
            DataType type, InputType input, org.deeplearning4j.nn.conf.layers.Layer... layers) {
        NeuralNetConfiguration.ListBuilder list =
                new NeuralNetConfiguration.Builder().seed(5).dataType(type).list();
        for (org.deeplearning4j.nn.conf.layers.Layer layer : layers) {
            list.layer(layer);
        }
        MultiLayerNetwork net =
                new MultiLayerNetwork(list.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(4)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .setInputType(input)
                        .build());
        net.init();
        return net;
    }

    @Test
    void of_imagesAsNhwc_refusesNamingLayer() {
        MultiLayerNetwork net = ofLayers(
                DataType.FLOAT,
                InputType.convolutional(5, 5, 5, CNN2DFormat.NHWC),
                new ConvolutionLayer.Builder(3, 3)
                        .nOut(4)
                        .dataFormat(CNN2DFormat.NHWC)
                        .build());
        assertThatThrownBy(() -> Dl4jClassifier.of(net, Shape.of(5, 5, 5), UNIT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 0")
                .hasMessageContaining("NHWC");
    }

    @Test
    void of_halfPrecision_refuses() {
        MultiLayerNetwork net = ofLayers(DataType.HALF, InputType.feedForward(7));
        assertThatThrownBy(() -> Dl4jClassifier.of(net, Shape.of(7), UNIT))
                .hasMessage("network must be FLOAT or DOUBLE, was HALF");
    }

    @Test
    void of_parameterNaN_selfCheckTells() {
        MultiLayerNetwork net = Net.MLP.make();
        net.params().putScalar(0, Double.NaN);
        assertThatThrownBy(() -> Dl4jClassifier.of(net, IMAGE, UNIT))
                .isInstanceOf(SecurityControlException.class)
                .hasMessageContaining("output 0 must be finite, was NaN");
    }

    @Test
    void layers_sameNameTwice_areToldApart() {
        MultiLayerNetwork net = ofLayers(
                DataType.FLOAT,
                InputType.feedForward(7),
                new DenseLayer.Builder().nOut(9).name("a").build(),
                new DenseLayer.Builder().nOut(9).name("a").build());
        assertThat(Dl4jClassifier.of(net, Shape.of(7), UNIT).layers().stream().map(l -> l.name()))
                .doesNotHaveDuplicates()
                .startsWith("a");
    }

    @Test
    void inputShape_outputLayerOnly_isItsInputs() {
        assertThat(Dl4jModels.inputShape(ofLayers(DataType.FLOAT, InputType.feedForward(7))))
                .contains(Shape.of(7));
        // Height and width stand nowhere in such a configuration.
        assertThat(Dl4jModels.inputShape(ofLayers(
                        DataType.FLOAT,
                        InputType.convolutional(12, 10, 3),
                        new ConvolutionLayer.Builder(3, 3).nOut(4).build())))
                .isEmpty();
    }

    @Test
    void calls_interrupted_areCancelled() {
        Dl4jClassifier model = Dl4jClassifier.of(Net.MLP.make(), IMAGE, UNIT);
        Batch x = batch(300, new Seed(1).generator(0));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> model.logits(x)).isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void of_configuration_isLeftAsItWas() {
        for (Net kind : List.of(Net.MLP_DROPOUT, Net.FROZEN)) {
            MultiLayerNetwork net = kind.make();
            String before = net.getLayerWiseConfigurations().toJson();
            Dl4jClassifier.of(net, IMAGE, UNIT);
            assertThat(net.getLayerWiseConfigurations().toJson()).isEqualTo(before);
        }
    }

    @Test
    void of_otherInputShape_refusesNamingBoth() {
        assertThatThrownBy(() -> Dl4jClassifier.of(Net.CNN_MAX.make(), Shape.of(1, 28, 28), UNIT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[1, 12, 12]")
                .hasMessageContaining("[1, 28, 28]");
    }

    @Test
    void gradient_sixteenThreads_noWrongValue() throws Exception {
        Dl4jClassifier model = Dl4jClassifier.of(Net.CNN_MAX.make(), IMAGE, UNIT);
        List<Batch> inputs = new ArrayList<>();
        List<LogitsAndGradient> expected = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            inputs.add(batch(4, new Seed(i).generator(7)));
            expected.add(model.gradient(inputs.get(i), z -> z));
        }
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Future<Boolean>> answers = new ArrayList<>();
            for (int call = 0; call < 800; call++) {
                int i = call % 8;
                answers.add(threads.submit(() -> model.gradient(inputs.get(i), z -> z)
                                .equals(expected.get(i))
                        && model.logits(inputs.get(i)).equals(expected.get(i).logits())));
            }
            for (Future<Boolean> answer : answers) {
                assertThat(answer.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void calls_manyTimes_offHeapMemoryDoesNotGrow() {
        Dl4jClassifier model = Dl4jClassifier.of(Net.CNN_MAX.make(), IMAGE, UNIT);
        Batch x = batch(64, new Seed(1).generator(0));
        for (int i = 0; i < 50; i++) {
            model.gradient(x, z -> z);
        }
        System.gc();
        long before = Pointer.totalBytes();
        for (int i = 0; i < 500; i++) {
            model.gradient(x, z -> z);
            model.logits(x);
        }
        System.gc();
        // 1,000 calls of some 100 kB each would be 100 MB.
        assertThat(Pointer.totalBytes() - before).isLessThan(20 << 20);
    }

    @Test
    void gradient_moreRowsThanAChunk_agreesWithSingleRows() {
        Dl4jClassifier model = Dl4jClassifier.of(Net.MLP.make(), IMAGE, UNIT);
        Batch x = batch(300, new Seed(1).generator(0));
        LogitsAndGradient all = model.gradient(x, z -> z);
        LogitsAndGradient last = model.gradient(x.rows(299, 300), z -> z);
        for (int j = 0; j < 144; j++) {
            assertThat(all.gradient().get(299, j)).isCloseTo(last.gradient().get(0, j), within(1e-5f));
        }
    }
}
