// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.ClippedSum;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class CompiledNetworkTest {
    private static final Bounds BOX = Bounds.of(0, 1);

    private static NetworkSpec network(Shape input, LayerSpec... layers) {
        List<NetworkSpec.Layer> list = new ArrayList<>();
        for (int i = 0; i < layers.length; i++) {
            list.add(new NetworkSpec.Layer("" + i, layers[i]));
        }
        return new NetworkSpec(input, list);
    }

    private static LayerSpec dense(int outputs, Activation a) {
        return new LayerSpec.Dense(outputs, true, a);
    }

    private static LayerSpec conv(int outputs, Window w, int groups, Activation a) {
        return new LayerSpec.Convolution(outputs, w, groups, true, a);
    }

    private static final NetworkSpec LENET = network(
            Shape.of(1, 28, 28),
            conv(6, Window.square(5, 1), 1, Activation.IDENTITY),
            new LayerSpec.Pooling(true, true, Window.square(2, 2)),
            conv(8, Window.square(5, 1), 1, Activation.RELU),
            new LayerSpec.Pooling(true, true, Window.square(2, 2)),
            dense(30, Activation.RELU),
            dense(10, Activation.IDENTITY));

    private static float[] random(int n, double scale, long stream) {
        RandomGenerator g = new Seed(7).generator(stream);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) (scale * g.nextGaussian());
        }
        return v;
    }

    private static CompiledNetwork filled(NetworkSpec spec, double scale) {
        return Networks.of(spec, random(new Plan(spec).layout.size(), scale, 1), BOX);
    }

    private static Batch inputs(CompiledNetwork net, int rows) {
        Shape shape = net.spec().inputShape();
        return Batch.wrap(random(rows * shape.size(), 1, 2), shape);
    }

    /** Directional central differences of a random function of the logits, against both gradients. */
    private static void checkGradients(NetworkSpec spec) {
        CompiledNetwork net = filled(spec, 0.3);
        int classes = net.spec().classes();
        for (int rows : new int[] {1, 5, 35}) {
            Batch x = inputs(net, rows);
            float[] v = random(rows * classes, 1, 3);
            Batch cotangent = Batch.wrap(v, Shape.of(classes));
            float[] dx = net.gradient(x, z -> cotangent).gradient().toArray();
            float[] dw = net.parameterGradient(x, z -> cotangent).gradient();
            float h = 1e-3f;
            float[] direction = random(dx.length, 1, 4);
            double expected = (dot(net.logits(moved(x, direction, h)), v) - dot(net.logits(moved(x, direction, -h)), v))
                    / (2 * h);
            double scale = norm(dx) + 1e-3;
            assertThat(dot(dx, direction)).as("input, %d rows", rows).isCloseTo(expected, within(0.02 * scale));
            if (dw.length > 0) {
                float[] p = net.parameters();
                float[] q = random(p.length, 1, 5);
                double up = dot(net.withParameters(plus(p, q, h)).logits(x), v);
                double down = dot(net.withParameters(plus(p, q, -h)).logits(x), v);
                assertThat(dot(dw, q))
                        .as("parameters, %d rows", rows)
                        .isCloseTo((up - down) / (2 * h), within(0.02 * norm(dw)));
            }
        }
    }

    private static Batch moved(Batch x, float[] direction, float h) {
        return Batch.wrap(plus(x.toArray(), direction, h), x.shape());
    }

    private static float[] plus(float[] a, float[] b, float h) {
        float[] c = a.clone();
        for (int i = 0; i < c.length; i++) {
            c[i] += h * b[i];
        }
        return c;
    }

    private static double dot(Batch a, float[] b) {
        return dot(a.toArray(), b);
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static double norm(float[] a) {
        return Math.sqrt(dot(a, a));
    }

    @ParameterizedTest
    @EnumSource(Activation.Kind.class)
    void gradient_everyActivation_equalsFiniteDifference(Activation.Kind kind) {
        checkGradients(network(Shape.of(4), dense(9, Activation.of(kind)), dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_convolutionWithStrideDilationGroupsAndUnevenPadding_equalsFiniteDifference() {
        Activation tanh = Activation.of(Activation.Kind.TANH);
        checkGradients(network(
                Shape.of(4, 9, 8),
                conv(6, new Window(3, 2, 2, 1, 1, 2, 1, 2, 0, 1), 2, tanh),
                conv(6, new Window(2, 3, 1, 2, 1, 1, 0, 1, 2, 0), 6, tanh),
                dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_oneDimensionalConvolution_equalsFiniteDifference() {
        Activation tanh = Activation.of(Activation.Kind.TANH);
        checkGradients(network(
                Shape.of(3, 12),
                conv(5, new Window(1, 3, 1, 1, 1, 2, 0, 0, 4, 0), 1, tanh),
                new LayerSpec.Pooling(false, true, new Window(1, 2, 1, 2, 1, 1, 0, 0, 0, 0)),
                dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_overlappingPoolingWithPadding_equalsFiniteDifference() {
        for (boolean max : new boolean[] {true, false}) {
            for (boolean count : new boolean[] {true, false}) {
                checkGradients(network(
                        Shape.of(2, 7, 7),
                        new LayerSpec.Pooling(max, count, Window.square(3, 2).withPadding(1)),
                        dense(3, Activation.IDENTITY)));
            }
        }
    }

    @Test
    void logitsAndGradients_lenet_equalDl4j() {
        MultiLayerNetwork dl4j = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5)
                        .nOut(6)
                        .activation(org.nd4j.linalg.activations.Activation.IDENTITY)
                        .build())
                .layer(new SubsamplingLayer.Builder()
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new ConvolutionLayer.Builder(5, 5)
                        .nOut(8)
                        .activation(org.nd4j.linalg.activations.Activation.RELU)
                        .build())
                .layer(new SubsamplingLayer.Builder()
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(30)
                        .activation(org.nd4j.linalg.activations.Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(10)
                        .activation(org.nd4j.linalg.activations.Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(28, 28, 1))
                .build());
        dl4j.init();
        CompiledNetwork net = filled(LENET, 0.1);
        dl4j.setParams(Nd4j.createFromArray(net.parameters()).castTo(DataType.DOUBLE));
        int rows = 40;
        Batch x = inputs(net, rows);
        int[] labels = new int[rows];
        INDArray y = Nd4j.zeros(DataType.DOUBLE, rows, 10);
        for (int i = 0; i < rows; i++) {
            labels[i] = i % 10;
            y.putScalar(i, labels[i], 1);
        }
        INDArray in = Nd4j.createFromArray(x.toArray()).castTo(DataType.DOUBLE).reshape(rows, 1, 28, 28);
        float[] p = dl4j.output(in).castTo(DataType.FLOAT).dup('c').data().asFloat();
        assertClose(net.probabilities(x).toArray(), p, 1e-5);

        var pair = dl4j.calculateGradients(in, y, null, null);
        float[] dx = pair.getSecond().castTo(DataType.FLOAT).dup('c').data().asFloat();
        float[] dw = pair.getFirst()
                .gradient()
                .castTo(DataType.FLOAT)
                .dup('c')
                .data()
                .asFloat();
        Targets targets = Targets.of(labels);
        assertClose(net.gradient(x, z -> loss(net, x, z, targets)).gradient().toArray(), dx, 2e-4);
        assertClose(net.parameterGradient(x, z -> loss(net, x, z, targets)).gradient(), dw, 2e-4);
    }

    private static Batch loss(CompiledNetwork net, Batch x, Batch z, Targets targets) {
        return new CrossEntropyLoss()
                .evaluate(z, targets, new Loss.Pass(net, x))
                .cotangents();
    }

    /** Relative to the largest expected value; a kink may flip for few values, so the norm is compared. */
    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        assertThat(norm(plus(actual, expected, -1))).isLessThan(tolerance * norm(expected));
    }

    @Test
    void clippedGradientSum_norms_equalThoseOfSingleRows() {
        CompiledNetwork net = filled(LENET, 0.1);
        int rows = 37;
        Batch x = inputs(net, rows);
        int[] labels = new int[rows];
        Targets targets = Targets.of(labels);
        double clip = 3;
        ClippedSum clipped = net.clippedGradientSum(x, targets, new CrossEntropyLoss(), clip);
        float[] sum = new float[net.layout().size()];
        for (int i = 0; i < rows; i++) {
            Batch row = x.rows(i, i + 1);
            float[] g = net.parameterGradient(row, z -> loss(net, row, z, Targets.of(0)))
                    .gradient();
            assertThat(clipped.norms()[i]).isCloseTo(norm(g), within(1e-4 * norm(g)));
            sum = plus(sum, g, (float) Math.min(1, clip / norm(g)));
        }
        assertClose(clipped.sum(), sum, 1e-4);
    }

    @Test
    void clippedGradientSum_zeroGradient_isZeroNotNaN() {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch x = inputs(net, 2);
        Loss flat =
                (z, t, pass) -> new LossValues(new double[z.size()], Batch.wrap(new float[z.size() * 10], z.shape()));
        assertThat(net.clippedGradientSum(x, Targets.of(0, 1), flat, 1).sum()).containsOnly(0f);
    }

    @Test
    void logits_sixteenThreads_giveTheSameBits() throws Exception {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch x = inputs(net, 70);
        Batch logits = net.logits(x);
        Batch gradient = net.gradient(x, z -> z).gradient();
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                int thread = t;
                results.add(pool.submit(() -> {
                    boolean equal = true;
                    for (int i = 0; i < 10; i++) {
                        equal &= (thread + i) % 2 == 0
                                ? net.logits(x).equals(logits)
                                : net.gradient(x, z -> z).gradient().equals(gradient);
                    }
                    return equal;
                }));
            }
            for (Future<Boolean> r : results) {
                assertThat(r.get()).isTrue();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void logits_cutAtChunks_giveTheSameBits() {
        CompiledNetwork net = filled(LENET, 0.1);
        int cut = net.chunkRows();
        Batch x = inputs(net, 2 * cut + 5);
        Batch all = net.logits(x);
        assertThat(net.logits(x.rows(0, cut))).isEqualTo(all.rows(0, cut));
        assertThat(net.logits(x.rows(cut, x.size()))).isEqualTo(all.rows(cut, x.size()));
    }

    @Test
    void activations_lastLayer_areLogits() {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch x = inputs(net, 9);
        assertThat(net.activations(x, 5)).isEqualTo(net.logits(x));
        assertThat(net.activations(x, 1).shape()).isEqualTo(Shape.of(6, 12, 12));
    }

    @Test
    void logits_emptyBatch_isEmpty() {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch none = inputs(net, 0);
        assertThat(net.logits(none).size()).isZero();
        assertThat(net.gradient(none, z -> z).gradient().size()).isZero();
    }

    @Test
    void of_wrongParameters_areRefused() {
        assertThatThrownBy(() -> Networks.of(LENET, new float[3], BOX))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parameters must have length");
        assertThatThrownBy(() -> filled(network(Shape.of(4), conv(2, Window.square(3, 1), 1, Activation.RELU)), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 0");
    }
}
