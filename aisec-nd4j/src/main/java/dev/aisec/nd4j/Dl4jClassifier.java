// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.Progress;
import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LayerInfo;
import dev.aisec.core.model.LayeredClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.layers.ActivationLayer;
import org.deeplearning4j.nn.layers.DropoutLayer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.LossLayer;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.layers.convolution.ZeroPaddingLayer;
import org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer;
import org.deeplearning4j.nn.layers.convolution.upsampling.Upsampling2D;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.normalization.LocalResponseNormalization;
import org.deeplearning4j.nn.layers.pooling.GlobalPoolingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A {@link MultiLayerNetwork} as a classifier, run by Deeplearning4j itself.
 *
 * <p>Guarantee: logits are what the output layer has before its activation; gradients are those of inference mode, for any
 * function of the logits, with dropout, batch normalisation and frozen layers, where Deeplearning4j's own {@code
 * calculateGradients} gives those of training mode. The network given is copied: it is neither changed nor watched.
 * Thread-safe: every call works on a copy of its own, taken from a pool that holds as many as there were calls at one
 * time. At creation, logits are compared with the network's own output and gradients with finite differences in double.
 *
 * <p>Speed is Deeplearning4j's: for large convolutions expect a tenth of what the hardware can do.
 *
 * <p>Layers: dense, convolution, subsampling, global pooling, batch and local response normalisation, activation, dropout,
 * zero padding, upsampling, frozen ones of these; output or loss layer at the end. Others are refused, and so are layers
 * that take images as NHWC.
 */
public final class Dl4jClassifier implements DifferentiableClassifier, LayeredClassifier {
    private static final int CHUNK = 256;
    private static final double LOGITS_TOLERANCE = 1e-4;

    private static final List<Class<? extends Layer>> SUPPORTED = List.of(
            DenseLayer.class,
            ConvolutionLayer.class,
            SubsamplingLayer.class,
            GlobalPoolingLayer.class,
            BatchNormalization.class,
            LocalResponseNormalization.class,
            ActivationLayer.class,
            DropoutLayer.class,
            ZeroPaddingLayer.class,
            Upsampling2D.class);

    private final MultiLayerNetwork master;
    private final ConcurrentLinkedDeque<MultiLayerNetwork> pool = new ConcurrentLinkedDeque<>();
    private final ModelSpec spec;
    private final Shape networkShape;
    private final DataType type;
    private final List<LayerInfo> layers;

    private Dl4jClassifier(MultiLayerNetwork master, Shape inputShape, Bounds bounds) {
        this.master = master;
        this.type = master.getLayerWiseConfigurations().getDataType();
        this.networkShape = isFlat(master) ? Shape.of(inputShape.size()) : inputShape;
        this.layers = layers(master, inputShape);
        Shape logits = layers.get(layers.size() - 1).outputShape();
        if (logits.rank() != 1 || logits.size() < 2) {
            throw new IllegalArgumentException(
                    "network must give a row of >= 2 logits for each example, gives shape " + logits);
        }
        this.spec = new ModelSpec(inputShape, logits.size(), bounds);
    }

    /**
     * Wraps a copy of a network.
     *
     * @param network an initialised network, FLOAT or DOUBLE
     * @param inputShape shape of one example; images are (channels, height, width), also for a network that takes them flat
     * @param bounds valid inputs
     * @return the classifier
     * @throws IllegalArgumentException if a layer is not supported, or inputs of this shape do not fit
     * @throws SecurityControlException if the self-check fails: results could not be relied on
     */
    public static Dl4jClassifier of(MultiLayerNetwork network, Shape inputShape, Bounds bounds) {
        Dl4jClassifier classifier = unchecked(network, inputShape, bounds);
        classifier.checkLogits(network);
        classifier.checkGradient();
        return classifier;
    }

    /** Without self-check, for use inside training loops. */
    static Dl4jClassifier unchecked(MultiLayerNetwork network, Shape inputShape, Bounds bounds) {
        return new Dl4jClassifier(inferenceCopy(network), inputShape, bounds);
    }

    /** A copy without dropout and weight noise, and with the identity behind the output layer, so that it gives logits. */
    private static MultiLayerNetwork inferenceCopy(MultiLayerNetwork network) {
        DataType type = network.getLayerWiseConfigurations().getDataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            throw new IllegalArgumentException("network must be FLOAT or DOUBLE, was " + type);
        }
        MultiLayerConfiguration configuration =
                network.getLayerWiseConfigurations().clone();
        configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
        configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE);
        for (NeuralNetConfiguration layer : configuration.getConfs()) {
            // A frozen layer gives no gradient to those before it.
            while (layer.getLayer() instanceof org.deeplearning4j.nn.conf.layers.misc.FrozenLayer frozen) {
                layer.setLayer(frozen.getLayer());
            }
        }
        MultiLayerNetwork copy = new MultiLayerNetwork(configuration);
        copy.init(network.params().dup(), false);
        int last = copy.getnLayers() - 1;
        for (int i = 0; i <= last; i++) {
            Layer layer = inner(copy.getLayer(i));
            String name = layer.conf().getLayer().getLayerName();
            boolean fits = i == last
                    ? layer instanceof OutputLayer || layer instanceof LossLayer
                    : SUPPORTED.contains(layer.getClass());
            if (!fits) {
                throw new IllegalArgumentException("layer " + i + " (" + name + ") must be "
                        + (i == last
                                ? "OutputLayer or LossLayer"
                                : "one of "
                                        + SUPPORTED.stream()
                                                .map(Class::getSimpleName)
                                                .toList())
                        + ", was " + layer.getClass().getSimpleName());
            }
            if (format(layer.conf().getLayer()) == CNN2DFormat.NHWC) {
                throw new IllegalArgumentException(
                        "layer " + i + " (" + name + ") must take images as NCHW like every Batch, takes NHWC");
            }
            layer.conf().getLayer().setIDropout(null);
            if (layer.conf().getLayer() instanceof BaseLayer base) {
                base.setWeightNoise(null);
            }
        }
        ((BaseLayer) inner(copy.getLayer(last)).conf().getLayer()).setActivationFn(new ActivationIdentity());
        copy.initGradientsView();
        return copy;
    }

    /** The order of the axes that a layer wants; null if it does not care, or an old file does not tell. */
    private static @Nullable CNN2DFormat format(org.deeplearning4j.nn.conf.layers.Layer layer) {
        if (layer instanceof org.deeplearning4j.nn.conf.layers.ConvolutionLayer convolution) {
            return convolution.getCnn2dDataFormat();
        }
        if (layer instanceof org.deeplearning4j.nn.conf.layers.SubsamplingLayer subsampling) {
            return subsampling.getCnn2dDataFormat();
        }
        if (layer instanceof org.deeplearning4j.nn.conf.layers.BatchNormalization norm) {
            return norm.getCnn2DFormat();
        }
        if (layer instanceof org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer padding) {
            return padding.getDataFormat();
        }
        if (layer instanceof org.deeplearning4j.nn.conf.layers.Upsampling2D upsampling) {
            return upsampling.getFormat();
        }
        return null;
    }

    private static Layer inner(Layer layer) {
        Layer inside = layer;
        while (inside instanceof FrozenLayer frozen) {
            inside = frozen.getUnderlying();
        }
        return inside;
    }

    /** Whether the network takes each example as one row. */
    private static boolean isFlat(MultiLayerNetwork network) {
        InputPreProcessor first = network.getLayerWiseConfigurations().getInputPreProcess(0);
        if (first != null) {
            return !(first instanceof CnnToFeedForwardPreProcessor);
        }
        Layer layer = inner(network.getLayer(0));
        return layer instanceof DenseLayer || layer instanceof OutputLayer || layer instanceof LossLayer;
    }

    /** The shape of one example that a network asks for, where its configuration tells. */
    static java.util.Optional<Shape> inputShape(MultiLayerNetwork network) {
        InputPreProcessor first = network.getLayerWiseConfigurations().getInputPreProcess(0);
        if (first instanceof FeedForwardToCnnPreProcessor cnn) {
            return java.util.Optional.of(
                    Shape.of((int) cnn.getNumChannels(), (int) cnn.getInputHeight(), (int) cnn.getInputWidth()));
        }
        if (first instanceof CnnToFeedForwardPreProcessor cnn) {
            return java.util.Optional.of(
                    Shape.of((int) cnn.getNumChannels(), (int) cnn.getInputHeight(), (int) cnn.getInputWidth()));
        }
        if (first == null
                && inner(network.getLayer(0)).conf().getLayer() instanceof FeedForwardLayer flat
                && isFlat(network)
                && flat.getNIn() > 0) {
            return java.util.Optional.of(Shape.of(Math.toIntExact(flat.getNIn())));
        }
        return java.util.Optional.empty();
    }

    private List<LayerInfo> layers(MultiLayerNetwork network, Shape inputShape) {
        inputShape(network).ifPresent(wanted -> {
            boolean same = wanted.rank() == 1 ? wanted.size() == inputShape.size() : wanted.equals(inputShape);
            if (!same) {
                throw new IllegalArgumentException(
                        "inputShape must be " + wanted + " as the network asks for, was " + inputShape);
            }
        });
        List<LayerInfo> infos = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Batch zeros = Batch.wrap(new float[inputShape.size()], inputShape);
        try (INDArray x = Batches.toArray(zeros, networkShape, type)) {
            List<INDArray> activations = network.feedForward(x, false);
            for (int i = 0; i < network.getnLayers(); i++) {
                org.deeplearning4j.nn.conf.layers.Layer conf =
                        inner(network.getLayer(i)).conf().getLayer();
                String name = conf.getLayerName() == null ? "layer" + i : conf.getLayerName();
                while (!names.add(name)) {
                    // Deeplearning4j lets two layers have one name.
                    name += "#" + i;
                }
                infos.add(new LayerInfo(
                        name,
                        conf.getClass().getSimpleName(),
                        Batches.fromArray(activations.get(i + 1)).shape()));
            }
            close(activations);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "network must take inputs of shape " + inputShape + ", does not: " + e.getMessage(), e);
        }
        return List.copyOf(infos);
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public List<LayerInfo> layers() {
        return layers;
    }

    @Override
    public Batch logits(Batch inputs) {
        return activations(inputs, layers.size() - 1);
    }

    @Override
    public Batch activations(Batch inputs, int layer) {
        spec.requireInputs(inputs);
        java.util.Objects.checkIndex(layer, layers.size());
        Shape shape = layers.get(layer).outputShape();
        float[] result = new float[Math.multiplyExact(inputs.size(), shape.size())];
        for (int from = 0; from < inputs.size(); from += CHUNK) {
            Progress.checkInterrupted();
            Batch chunk = inputs.rows(from, Math.min(inputs.size(), from + CHUNK));
            float[] part = borrow(network -> {
                List<INDArray> activations = forward(network, chunk);
                float[] values = Batches.values(activations.get(layer + 1));
                close(activations);
                return values;
            });
            System.arraycopy(part, 0, result, from * shape.size(), part.length);
        }
        return inputs.like(result, shape);
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        spec.requireInputs(inputs);
        if (inputs.size() <= CHUNK) {
            return gradientOfChunk(inputs, cotangentOfLogits);
        }
        // The cotangent is a function of all logits, so they come first; chunks then run forward again.
        Batch logits = logits(inputs);
        Batch cotangents = checked(cotangentOfLogits.apply(logits), inputs.size());
        float[] gradient = new float[inputs.size() * inputs.shape().size()];
        for (int from = 0; from < inputs.size(); from += CHUNK) {
            Progress.checkInterrupted();
            int to = Math.min(inputs.size(), from + CHUNK);
            Batch part = cotangents.rows(from, to);
            float[] g =
                    gradientOfChunk(inputs.rows(from, to), z -> part).gradient().array();
            System.arraycopy(g, 0, gradient, from * inputs.shape().size(), g.length);
        }
        return new LogitsAndGradient(logits, inputs.like(gradient, inputs.shape()));
    }

    private LogitsAndGradient gradientOfChunk(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Shape row = Shape.of(spec.classes());
        if (inputs.size() == 0) {
            Batch none = inputs.like(new float[0], row);
            checked(cotangentOfLogits.apply(none), 0);
            return new LogitsAndGradient(none, inputs.like(new float[0], inputs.shape()));
        }
        return borrow(network -> {
            List<INDArray> activations = forward(network, inputs);
            Batch logits = inputs.like(Batches.values(activations.get(activations.size() - 1)), row);
            Batch cotangents = checked(cotangentOfLogits.apply(logits), inputs.size());
            float[] gradient = backward(network, cotangents);
            close(activations);
            return new LogitsAndGradient(logits, inputs.like(gradient, inputs.shape()));
        });
    }

    private Batch checked(Batch cotangents, int rows) {
        if (cotangents.size() != rows || cotangents.shape().size() != spec.classes()) {
            throw new IllegalArgumentException(
                    "cotangents must be " + rows + " rows of " + spec.classes() + ", were " + cotangents);
        }
        return cotangents;
    }

    private List<INDArray> forward(MultiLayerNetwork network, Batch inputs) {
        INDArray x = Batches.toArray(inputs, networkShape, type);
        network.clearLayerMaskArrays();
        network.setInput(x);
        network.setInputMiniBatchSize(inputs.size());
        return network.feedForward(false, false);
    }

    /** From the logits back to the inputs; the forward pass just before left every layer its input. */
    private float[] backward(MultiLayerNetwork network, Batch cotangents) {
        LayerWorkspaceMgr memory = LayerWorkspaceMgr.noWorkspaces();
        int last = network.getnLayers() - 1;
        INDArray epsilon = Batches.toArray(cotangents, type);
        // All are closed at the end, none before: a layer may return a view of what it got or made (zero padding does).
        List<INDArray> epsilons = new ArrayList<>();
        epsilons.add(epsilon);
        try {
            if (inner(network.getLayer(last)) instanceof OutputLayer output) {
                epsilon = epsilon.mmul(output.getParam("W").transpose());
                epsilons.add(epsilon);
            }
            epsilon = through(network, last, epsilon, memory);
            epsilons.add(epsilon);
            for (int i = last - 1; i >= 0; i--) {
                Layer layer = inner(network.getLayer(i));
                epsilon = layer instanceof BatchNormalization norm
                        ? affine(norm, epsilon)
                        : layer.backpropGradient(epsilon, memory).getSecond();
                epsilons.add(epsilon);
                epsilon = through(network, i, epsilon, memory);
                epsilons.add(epsilon);
            }
            return Batches.values(epsilon);
        } finally {
            close(epsilons);
        }
    }

    private static INDArray through(MultiLayerNetwork network, int layer, INDArray epsilon, LayerWorkspaceMgr memory) {
        InputPreProcessor step = network.getLayerWiseConfigurations().getInputPreProcess(layer);
        if (step == null) {
            return epsilon;
        }
        return step.backprop(epsilon, network.getInputMiniBatchSize(), memory);
    }

    /** In inference mode batch normalisation multiplies each channel by γ/√(σ² + ε); DL4J's backward pass does not. */
    private static INDArray affine(BatchNormalization layer, INDArray epsilon) {
        org.deeplearning4j.nn.conf.layers.BatchNormalization conf =
                (org.deeplearning4j.nn.conf.layers.BatchNormalization)
                        layer.conf().getLayer();
        INDArray variance;
        if (conf.isUseLogStd()) {
            // The parameter is log10 of the standard deviation.
            variance = Transforms.pow(
                    Nd4j.valueArrayOf(layer.getParam("log10stdev").shape(), 10.0, epsilon.dataType()),
                    layer.getParam("log10stdev").mul(2));
        } else {
            variance = layer.getParam("var").dup();
        }
        INDArray scale = Transforms.sqrt(variance.addi(conf.getEps())).rdivi(1);
        if (conf.isLockGammaBeta()) {
            scale.muli(conf.getGamma());
        } else {
            scale.muli(layer.getParam("gamma").reshape(scale.shape()));
        }
        INDArray flat = scale.reshape(scale.length());
        return epsilon.rank() == 2
                ? epsilon.mulRowVector(flat.reshape(1, flat.length()))
                : epsilon.mul(flat.reshape(1, flat.length(), 1, 1));
    }

    private static void close(List<INDArray> arrays) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (INDArray array : arrays) {
            if (array.closeable() && !array.wasClosed() && seen.add(array.data())) {
                array.close();
            }
        }
    }

    private <T> T borrow(java.util.function.Function<MultiLayerNetwork, T> work) {
        MultiLayerNetwork network = pool.pollFirst();
        if (network == null) {
            synchronized (master) {
                network = master.clone();
            }
            network.initGradientsView();
        }
        T result = work.apply(network);
        // Not after an exception: a copy in an unknown state is dropped.
        pool.addFirst(network);
        return result;
    }

    /** The shape in which the network takes an example. */
    Shape networkShape() {
        return networkShape;
    }

    private Batch probe() {
        RandomGenerator random = new Seed(20190529).generator(0);
        int n = spec.inputShape().size();
        float[] values = new float[3 * n];
        for (int i = 0; i < values.length; i++) {
            float low = Math.max(spec.bounds().lower(i % n), -10);
            float high = Math.min(spec.bounds().upper(i % n), 10);
            values[i] = low + random.nextFloat() * (high - low);
        }
        return Batch.wrap(values, spec.inputShape());
    }

    private void checkLogits(MultiLayerNetwork network) {
        Batch probe = probe();
        IActivation activation = ((BaseLayer)
                        inner(network.getLayer(network.getnLayers() - 1)).conf().getLayer())
                .getActivationFn();
        Batch logits = logits(probe);
        try (INDArray x = Batches.toArray(probe, networkShape, type);
                INDArray output = network.clone().output(x, false);
                INDArray ours = Batches.toArray(logits, type);
                INDArray expected = activation instanceof ActivationSoftmax
                        ? Nd4j.nn.softmax(ours, 1)
                        : activation.getActivation(ours.dup(), false)) {
            float[] a = Batches.values(output);
            float[] b = Batches.values(expected);
            for (int i = 0; i < a.length; i++) {
                if (!Float.isFinite(a[i])) {
                    throw new SecurityControlException(
                            "self-check of the logits failed: output " + i + " must be finite, was " + a[i]);
                }
                if (!(Math.abs(a[i] - b[i]) <= LOGITS_TOLERANCE * Math.max(1, Math.abs(a[i])))) {
                    throw new SecurityControlException("self-check of the logits failed: output " + i + " must be "
                            + a[i] + " as the network gives it, was " + b[i]);
                }
            }
        }
    }

    /**
     * Compares directional derivatives with central differences on a copy in double. A direction may cross a kink of a
     * ReLU or of max pooling, so one in four may differ.
     */
    private void checkGradient() {
        Batch probe = probe();
        RandomGenerator random = new Seed(20190529).generator(1);
        float[] v = new float[probe.size() * spec.classes()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) random.nextGaussian();
        }
        Batch gradient = gradient(probe, z -> z.like(v, z.shape())).gradient();
        MultiLayerNetwork exact = exactCopy();
        int n = spec.inputShape().size();
        int directions = 8;
        int wrong = 0;
        String worst = "";
        double h = 1e-6;
        for (int d = 0; d < directions; d++) {
            double[] u = new double[probe.size() * n];
            double slope = 0;
            double scale = 0;
            for (int i = 0; i < u.length; i++) {
                u[i] = random.nextGaussian();
                double g = gradient.get(i / n, i % n);
                slope += g * u[i];
                scale += g * g;
            }
            double difference = (along(exact, probe, u, h, v) - along(exact, probe, u, -h, v)) / (2 * h);
            if (!(Math.abs(difference - slope) <= 1e-3 * Math.max(Math.abs(difference), Math.sqrt(scale)))) {
                wrong++;
                worst = "derivative along direction " + d + " must be " + difference + " by finite differences, was "
                        + slope;
            }
        }
        if (wrong > directions / 4) {
            throw new SecurityControlException(
                    "self-check of the gradient failed in " + wrong + " of " + directions + " directions: " + worst);
        }
    }

    /** A copy in double that gives logits. */
    MultiLayerNetwork exactCopy() {
        synchronized (master) {
            return master.convertDataType(DataType.DOUBLE);
        }
    }

    private double along(MultiLayerNetwork exact, Batch probe, double[] u, double h, float[] v) {
        long[] shape = new long[networkShape.rank() + 1];
        shape[0] = probe.size();
        for (int i = 0; i < networkShape.rank(); i++) {
            shape[i + 1] = networkShape.dimension(i);
        }
        double[] x = new double[u.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = probe.array()[i] + h * u[i];
        }
        try (INDArray moved = Nd4j.createFromArray(x).reshape(shape);
                INDArray logits = exact.output(moved, false)) {
            double sum = 0;
            for (int i = 0; i < v.length; i++) {
                sum += v[i] * logits.getDouble(i / spec.classes(), i % spec.classes());
            }
            return sum;
        }
    }
}
