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
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
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
        return NetworkSpec.chain(input, layers);
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
            new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, Window.square(2, 2)),
            conv(8, Window.square(5, 1), 1, Activation.RELU),
            new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, Window.square(2, 2)),
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
        ParameterLayout layout = new Plan(spec, false).layout;
        float[] parameters = random(layout.size(), scale, 1);
        for (ParameterLayout.Tensor t : layout.tensors()) {
            for (int i = t.offset();
                    t.name().endsWith(".variance") && i < t.offset() + t.shape().size();
                    i++) {
                parameters[i] = 0.5f + Math.abs(parameters[i]);
            }
        }
        return Networks.of(spec, parameters, BOX);
    }

    private static Batch inputs(CompiledNetwork net, int rows) {
        Shape shape = net.spec().inputShape();
        return Batch.wrap(random(rows * shape.size(), 1, 2), shape);
    }

    /** Directional central differences of a random function of the logits, against both gradients. */
    private static void checkGradients(NetworkSpec spec) {
        checkGradients(spec, 1, 5, 35);
    }

    private static void checkGradients(NetworkSpec spec, int... sizes) {
        CompiledNetwork net = filled(spec, 0.3);
        int classes = net.spec().classes();
        for (int rows : sizes) {
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
                for (ParameterLayout.Tensor t : net.layout().tensors()) {
                    if (t.name().endsWith(".mean") || t.name().endsWith(".variance")) {
                        Arrays.fill(q, t.offset(), t.offset() + t.shape().size(), 0f);
                    }
                }
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
                new LayerSpec.Pooling(LayerSpec.Reduction.AVERAGE, true, new Window(1, 2, 1, 2, 1, 1, 0, 0, 0, 0)),
                dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_overlappingPoolingWithPadding_equalsFiniteDifference() {
        for (LayerSpec.Reduction reduction : LayerSpec.Reduction.values()) {
            for (boolean count : new boolean[] {true, false}) {
                checkGradients(network(
                        Shape.of(2, 7, 7),
                        new LayerSpec.Pooling(
                                reduction, count, Window.square(3, 2).withPadding(1)),
                        dense(3, Activation.IDENTITY)));
            }
        }
    }

    @Test
    void gradient_batchNormFoldedAndAlone_equalsFiniteDifference() {
        Activation tanh = Activation.of(Activation.Kind.TANH);
        checkGradients(network(
                Shape.of(2, 6, 5),
                LayerSpec.BatchNorm.standard(),
                conv(4, Window.square(3, 1), 1, Activation.IDENTITY),
                LayerSpec.BatchNorm.standard(),
                new LayerSpec.Activate(tanh),
                new LayerSpec.BatchNorm(1e-3, 0.9, false, 1.5, 0.25),
                dense(5, Activation.IDENTITY),
                LayerSpec.BatchNorm.standard(),
                new LayerSpec.Activate(tanh),
                dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_localResponse_equalsFiniteDifference() {
        for (double beta : new double[] {0.75, 0.6}) {
            checkGradients(network(
                    Shape.of(7, 3, 3), new LayerSpec.LocalResponse(5, 2, 0.3, beta), dense(3, Activation.IDENTITY)));
        }
    }

    @Test
    void gradient_paddingUpsamplingGlobalPooling_equalsFiniteDifference() {
        for (LayerSpec.Reduction reduction : LayerSpec.Reduction.values()) {
            // Among many rows some maximum changes its place within the difference.
            int[] rows = reduction == LayerSpec.Reduction.MAX ? new int[] {1, 5} : new int[] {1, 5, 35};
            checkGradients(
                    network(
                            Shape.of(2, 4, 3),
                            new LayerSpec.ZeroPadding(1, 2, 0, 1),
                            conv(3, Window.square(2, 1), 1, Activation.of(Activation.Kind.TANH)),
                            new LayerSpec.Upsampling(2, 3),
                            conv(4, Window.square(3, 2), 1, Activation.of(Activation.Kind.TANH)),
                            new LayerSpec.GlobalPooling(reduction, reduction == LayerSpec.Reduction.SUM),
                            dense(3, Activation.IDENTITY)),
                    rows);
        }
    }

    @Test
    void gradient_parametricRelu_equalsFiniteDifference() {
        checkGradients(network(
                Shape.of(3, 4, 2), new LayerSpec.ParametricRelu(Shape.of(3, 1, 2)), dense(3, Activation.IDENTITY)));
        checkGradients(network(Shape.of(5), new LayerSpec.ParametricRelu(Shape.of(5)), dense(3, Activation.IDENTITY)));
    }

    @Test
    void gradient_residualAndMergedBranches_equalsFiniteDifference() {
        Activation tanh = Activation.of(Activation.Kind.TANH);
        Window same = Window.square(3, 1).withPadding(1);
        for (LayerSpec.Combine.Kind kind : LayerSpec.Combine.Kind.values()) {
            checkGradients(new NetworkSpec(
                    Shape.of(2, 5, 4),
                    List.of(
                            new NetworkSpec.Layer("a", conv(3, same, 1, tanh)),
                            new NetworkSpec.Layer("b", conv(3, same, 1, Activation.IDENTITY)),
                            new NetworkSpec.Layer("b.norm", LayerSpec.BatchNorm.standard()),
                            new NetworkSpec.Layer("sum", new LayerSpec.Combine(kind), List.of("b.norm", "a")),
                            new NetworkSpec.Layer("tanh", new LayerSpec.Activate(tanh)),
                            new NetworkSpec.Layer(
                                    "all", new LayerSpec.Concatenate(), List.of("tanh", NetworkSpec.INPUT, "a")),
                            new NetworkSpec.Layer("twice", new LayerSpec.Combine(kind), List.of("all", "all")),
                            new NetworkSpec.Layer("out", dense(3, Activation.IDENTITY)))));
        }
    }

    @Test
    void parameterGradient_embedding_equalsFiniteDifference() {
        CompiledNetwork net = filled(
                network(
                        Shape.of(6),
                        new LayerSpec.Embedding(5, 3, true, true, Activation.of(Activation.Kind.TANH)),
                        conv(4, new Window(1, 3, 1, 1, 1, 1, 0, 0, 2, 0), 1, Activation.of(Activation.Kind.TANH)),
                        new LayerSpec.GlobalPooling(LayerSpec.Reduction.AVERAGE, false),
                        dense(3, Activation.IDENTITY)),
                0.5);
        RandomGenerator g = new Seed(1).generator(0);
        float[] indices = new float[12 * 6];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = g.nextInt(5);
        }
        Batch x = Batch.wrap(indices, Shape.of(6));
        float[] v = random(12 * 3, 1, 3);
        float[] dw = net.parameterGradient(x, z -> Batch.wrap(v, Shape.of(3))).gradient();
        float[] p = net.parameters();
        float[] q = random(p.length, 1, 5);
        double up = dot(net.withParameters(plus(p, q, 1e-3f)).logits(x), v);
        double down = dot(net.withParameters(plus(p, q, -1e-3f)).logits(x), v);
        assertThat(dot(dw, q)).isCloseTo((up - down) / 2e-3, within(0.01 * norm(dw)));
        checkNorms(net, x);
        assertThatThrownBy(() -> net.gradient(x, z -> z)).hasMessageContaining("no input gradient");
        assertThatThrownBy(() -> net.logits(Batch.wrap(new float[] {0, 1, 2, 3, 4, 5}, Shape.of(6))))
                .hasMessageContaining("whole numbers in [0, 5)")
                .hasMessageContaining("was 5.0");
    }

    @Test
    void logits_foldedNetwork_equalThoseLayerByLayer() {
        NetworkSpec spec = network(
                Shape.of(2, 6, 6),
                new LayerSpec.Convolution(4, Window.square(3, 1), 1, false, Activation.IDENTITY),
                LayerSpec.BatchNorm.standard(),
                new LayerSpec.Dropout(LayerSpec.Dropout.Kind.VALUES, 0.5),
                new LayerSpec.Activate(Activation.RELU),
                dense(6, Activation.IDENTITY),
                LayerSpec.BatchNorm.standard(),
                LayerSpec.BatchNorm.standard(),
                dense(3, Activation.IDENTITY));
        CompiledNetwork net = filled(spec, 0.5);
        assertThat(Folding.of(new Plan(spec, false)).orElseThrow().plan().ops).hasSize(3);
        Batch x = inputs(net, 50);
        assertClose(
                net.logits(x).toArray(),
                net.parameterGradient(x, z -> z).logits().toArray(),
                1e-6);
        assertThat(net.activations(x, 1).shape()).isEqualTo(Shape.of(4, 4, 4));
    }

    @Test
    void gradient_frozenLayers_isZeroForTheirParametersOnly() {
        NetworkSpec spec = new NetworkSpec(
                Shape.of(4),
                List.of(
                        new NetworkSpec.Layer("a", dense(6, Activation.of(Activation.Kind.TANH)), List.of(), true),
                        new NetworkSpec.Layer("n", LayerSpec.BatchNorm.standard(), List.of(), true),
                        new NetworkSpec.Layer("b", dense(3, Activation.IDENTITY))));
        CompiledNetwork net = filled(spec, 0.5);
        Batch x = inputs(net, 7);
        float[] dw = net.parameterGradient(x, z -> z).gradient();
        int end = net.layout().tensors().get(5).offset() + 6;
        assertThat(Arrays.copyOf(dw, end)).containsOnly(0f);
        assertThat(norm(Arrays.copyOfRange(dw, end, dw.length))).isPositive();
        assertThat(norm(net.gradient(x, z -> z).gradient().toArray())).isPositive();
        checkNorms(net, x);
    }

    @Test
    void clippedGradientSum_batchNorm_isRefusedNamingTheLayer() {
        CompiledNetwork net =
                filled(network(Shape.of(4), LayerSpec.BatchNorm.standard(), dense(3, Activation.RELU)), 1);
        assertThatThrownBy(() -> net.clippedGradientSum(inputs(net, 2), Targets.of(0, 1), new CrossEntropyLoss(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 0 (batch normalisation)");
    }

    @Test
    void clippedGradientSum_everyKindOfLayer_equalsSingleRows() {
        Activation tanh = Activation.of(Activation.Kind.TANH);
        CompiledNetwork net = filled(
                new NetworkSpec(
                        Shape.of(4, 7, 6),
                        List.of(
                                new NetworkSpec.Layer("c", conv(6, Window.square(3, 1), 2, tanh)),
                                new NetworkSpec.Layer("p", new LayerSpec.ParametricRelu(Shape.of(6, 1, 1))),
                                // Few positions and many channels: the closed form.
                                new NetworkSpec.Layer("d", conv(40, Window.square(3, 2), 1, tanh)),
                                new NetworkSpec.Layer("e", conv(40, Window.square(1, 1), 40, tanh)),
                                new NetworkSpec.Layer(
                                        "s", new LayerSpec.Combine(LayerSpec.Combine.Kind.ADD), List.of("d", "e")),
                                new NetworkSpec.Layer("o", dense(5, Activation.IDENTITY)))),
                0.3);
        checkNorms(net, inputs(net, 37));
    }

    private static void checkNorms(CompiledNetwork net, Batch x) {
        double clip = 0.5;
        ClippedSum clipped = net.clippedGradientSum(x, Targets.of(new int[x.size()]), new CrossEntropyLoss(), clip);
        float[] sum = new float[net.layout().size()];
        for (int i = 0; i < x.size(); i++) {
            Batch row = x.rows(i, i + 1);
            float[] g = net.parameterGradient(row, z -> loss(net, row, z, Targets.of(0)))
                    .gradient();
            assertThat(clipped.norms()[i]).isCloseTo(norm(g), within(1e-4 * norm(g)));
            sum = plus(sum, g, (float) Math.min(1, clip / norm(g)));
        }
        assertClose(clipped.sum(), sum, 1e-4);
    }

    @Test
    void calls_onThreads_giveTheSameBits() {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch x = inputs(net, 20 * net.chunkRows() + 5);
        Targets targets = Targets.of(new int[x.size()]);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            CompiledNetwork spread = net.on(pool);
            assertThat(spread.logits(x)).isEqualTo(net.logits(x));
            assertThat(spread.activations(x, 2)).isEqualTo(net.activations(x, 2));
            assertThat(spread.gradient(x, z -> z).gradient())
                    .isEqualTo(net.gradient(x, z -> z).gradient());
            assertThat(spread.parameterGradient(x, z -> z).gradient())
                    .isEqualTo(net.parameterGradient(x, z -> z).gradient());
            ClippedSum one = net.clippedGradientSum(x, targets, new CrossEntropyLoss(), 1);
            ClippedSum two = spread.clippedGradientSum(x, targets, new CrossEntropyLoss(), 1);
            assertThat(two.sum()).isEqualTo(one.sum());
            assertThat(two.norms()).isEqualTo(one.norms());
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void gradient_batchTooLargeToKeep_isThatOfItsParts() {
        CompiledNetwork net = filled(LENET, 0.1);
        int rows = (int) (1.2 * (64 << 20) / (4 * new Plan(LENET, false).valueSize)) / 32 * 32;
        Batch x = inputs(net, rows);
        Batch all = net.gradient(x, z -> z).gradient();
        Batch part = net.gradient(x.rows(rows - 64, rows), z -> z).gradient();
        assertThat(all.rows(rows - 64, rows)).isEqualTo(part);
    }

    @Test
    void calls_interrupted_areCancelled() {
        CompiledNetwork net = filled(LENET, 0.1);
        Batch x = inputs(net, 5);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> net.logits(x)).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> net.gradient(x, z -> z)).isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(net.logits(x).size()).isEqualTo(5);
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
