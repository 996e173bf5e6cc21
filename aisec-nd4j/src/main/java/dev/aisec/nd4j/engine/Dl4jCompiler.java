// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Batches;
import dev.aisec.nd4j.Dl4jModels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.dropout.SpatialDropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1D;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution2D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.Subsampling1DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling1D;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPadding1DLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From Deeplearning4j's layers and vertices to the engine's. */
final class Dl4jCompiler {
    private static final List<String> SUPPORTED = List.of(
            "DenseLayer",
            "OutputLayer",
            "LossLayer",
            "ConvolutionLayer",
            "Convolution1DLayer",
            "DepthwiseConvolution2D",
            "SeparableConvolution2D",
            "SubsamplingLayer",
            "Subsampling1DLayer",
            "GlobalPoolingLayer",
            "BatchNormalization",
            "LocalResponseNormalization",
            "ActivationLayer",
            "PReLULayer",
            "DropoutLayer",
            "ZeroPaddingLayer",
            "ZeroPadding1DLayer",
            "Upsampling1D",
            "Upsampling2D",
            "EmbeddingLayer",
            "EmbeddingSequenceLayer",
            "FrozenLayer",
            "ElementWiseVertex",
            "MergeVertex",
            "PreprocessorVertex");

    private static final double TOLERANCE = 1e-4;
    private static final int CHECK_ROWS = 5;

    /** Gives a parameter of Deeplearning4j by layer and name. */
    private final Function<Object, org.deeplearning4j.nn.api.Layer> source;

    private final Shape input;
    private final List<NetworkSpec.Layer> layers = new ArrayList<>();
    private final List<Dl4jOrigin.Binding> bindings = new ArrayList<>();
    private final Map<String, Shape> shapes = new HashMap<>();
    private final Set<String> names = new HashSet<>(Set.of(NetworkSpec.INPUT));

    private Dl4jCompiler(Shape input, Function<Object, org.deeplearning4j.nn.api.Layer> source) {
        this.input = input;
        this.source = source;
        shapes.put(NetworkSpec.INPUT, input);
    }

    static CompiledNetwork compile(MultiLayerNetwork network, Shape inputShape, Bounds bounds) {
        Dl4jModels.requireNatives();
        MultiLayerConfiguration configuration = network.getLayerWiseConfigurations();
        requireType(configuration.getDataType());
        MultiLayerNetwork copy = Dl4jOrigin.copy(network);
        Dl4jCompiler c = new Dl4jCompiler(inputShape, i -> copy.getLayer((Integer) i));
        List<Layer> confs =
                configuration.getConfs().stream().map(conf -> conf.getLayer()).toList();
        Shape taken = taken(inputShape, configuration.getInputPreProcess(0), confs.get(0));
        String from = c.taking(taken);
        for (int i = 0; i < confs.size(); i++) {
            Layer conf = confs.get(i);
            String own =
                    conf.getLayerName() == null || conf.getLayerName().isEmpty() ? "layer" + i : conf.getLayerName();
            String where = "layer " + i + " (" + own + ", " + conf.getClass().getSimpleName() + ")";
            String before = from;
            int index = i;
            boolean last = i == confs.size() - 1;
            from = located(
                    where,
                    () -> c.layer(
                            index,
                            c.unique(own),
                            conf,
                            c.preprocessor(own, configuration.getInputPreProcess(index), before),
                            last));
        }
        Dl4jOrigin origin = new Dl4jOrigin(copy, null, c.bindings);
        CompiledNetwork compiled = c.finish(origin, bounds);
        check(compiled, taken, configuration.getDataType(), x -> {
            MultiLayerNetwork logits = Dl4jOrigin.copy(network);
            identity(logits.getLayer(logits.getnLayers() - 1));
            return logits.output(x, false);
        });
        return compiled;
    }

    static CompiledNetwork compile(ComputationGraph graph, Shape inputShape, Bounds bounds) {
        Dl4jModels.requireNatives();
        ComputationGraphConfiguration configuration = graph.getConfiguration();
        requireType(configuration.getDataType());
        if (configuration.getNetworkInputs().size() != 1
                || configuration.getNetworkOutputs().size() != 1) {
            throw new IllegalArgumentException("graph must have one input and one output, had "
                    + configuration.getNetworkInputs() + " and " + configuration.getNetworkOutputs());
        }
        String in = configuration.getNetworkInputs().get(0);
        String out = configuration.getNetworkOutputs().get(0);
        ComputationGraph copy = Dl4jOrigin.copy(graph);
        Dl4jCompiler c = new Dl4jCompiler(inputShape, name -> copy.getLayer((String) name));
        Shape taken = inputShape;
        for (Map.Entry<String, GraphVertex> v : configuration.getVertices().entrySet()) {
            if (v.getValue() instanceof LayerVertex l
                    && inputs(configuration, v.getKey()).contains(in)) {
                taken = taken(taken, l.getPreProcessor(), l.getLayerConf().getLayer());
            }
        }
        Map<String, String> ends = new HashMap<>(Map.of(in, c.taking(taken)));
        c.vertex(configuration, out, out, ends);
        Dl4jOrigin origin = new Dl4jOrigin(null, copy, c.bindings);
        CompiledNetwork compiled = c.finish(origin, bounds);
        check(compiled, taken, configuration.getDataType(), x -> {
            ComputationGraph logits = Dl4jOrigin.copy(graph);
            if (logits.getLayer(out) != null) {
                identity(logits.getLayer(out));
            }
            return logits.outputSingle(false, x);
        });
        return compiled;
    }

    private static void requireType(DataType type) {
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            throw new IllegalArgumentException("network must be FLOAT or DOUBLE, was " + type);
        }
    }

    private interface Work {
        String run();
    }

    /** Tells where in the network something is not as it must be. */
    private static String located(String where, Work work) {
        try {
            return work.run();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
        }
    }

    /** The shape that Deeplearning4j takes for one example. */
    private static Shape taken(Shape shape, @Nullable InputPreProcessor first, Layer layer) {
        boolean flat = first instanceof FeedForwardToCnnPreProcessor
                || first == null
                        && (plain(layer) instanceof DenseLayer
                                || plain(layer) instanceof OutputLayer
                                || plain(layer) instanceof LossLayer);
        return flat ? Shape.of(shape.size()) : shape;
    }

    private static Layer plain(Layer layer) {
        Layer inside = layer;
        while (true) {
            if (inside instanceof FrozenLayer frozen) {
                inside = frozen.getLayer();
            } else if (inside instanceof FrozenLayerWithBackprop frozen) {
                inside = frozen.getUnderlying();
            } else {
                return inside;
            }
        }
    }

    private String taking(Shape shape) {
        return shape.equals(input)
                ? NetworkSpec.INPUT
                : add(unique("flat"), new LayerSpec.Reshape(shape), false, NetworkSpec.INPUT);
    }

    /** Adds a vertex after those that feed it; returns the layer that gives its value. */
    private String vertex(
            ComputationGraphConfiguration configuration, String name, String output, Map<String, String> ends) {
        String known = ends.get(name);
        if (known != null) {
            return known;
        }
        List<String> inputs = new ArrayList<>();
        for (String from : inputs(configuration, name)) {
            inputs.add(vertex(configuration, from, output, ends));
        }
        GraphVertex vertex = Objects.requireNonNull(configuration.getVertices().get(name));
        String where = "vertex " + name + " (" + vertex.getClass().getSimpleName() + ")";
        String end = located(where, () -> {
            if (vertex instanceof LayerVertex l) {
                String before = preprocessor(name, l.getPreProcessor(), inputs.get(0));
                return layer(name, unique(name), l.getLayerConf().getLayer(), before, name.equals(output));
            } else if (vertex instanceof MergeVertex m) {
                if (m.getMergeAxis() != 1) {
                    throw new IllegalArgumentException("merge axis must be 1, was " + m.getMergeAxis());
                }
                return add(unique(name), new LayerSpec.Concatenate(), false, inputs.toArray(String[]::new));
            } else if (vertex instanceof ElementWiseVertex e) {
                return add(unique(name), new LayerSpec.Combine(kind(e.getOp())), false, inputs.toArray(String[]::new));
            } else if (vertex instanceof PreprocessorVertex p) {
                return preprocessor(name, p.getPreProcessor(), inputs.get(0));
            }
            throw unsupported(vertex);
        });
        ends.put(name, end);
        return end;
    }

    private static List<String> inputs(ComputationGraphConfiguration configuration, String vertex) {
        return Objects.requireNonNull(configuration.getVertexInputs().get(vertex));
    }

    private static LayerSpec.Combine.Kind kind(ElementWiseVertex.Op op) {
        return switch (op) {
            case Add -> LayerSpec.Combine.Kind.ADD;
            case Subtract -> LayerSpec.Combine.Kind.SUBTRACT;
            case Product -> LayerSpec.Combine.Kind.PRODUCT;
            case Average -> LayerSpec.Combine.Kind.AVERAGE;
            case Max -> LayerSpec.Combine.Kind.MAX;
        };
    }

    private static IllegalArgumentException unsupported(Object what) {
        return new IllegalArgumentException(
                "must be one of " + SUPPORTED + ", was " + what.getClass().getSimpleName());
    }

    /** Adds what a preprocessor does; returns the layer that gives its value. */
    private String preprocessor(String owner, @Nullable InputPreProcessor step, String from) {
        if (step == null) {
            return from;
        }
        if (step instanceof ComposableInputPreProcessor many) {
            String end = from;
            for (InputPreProcessor each : many.getInputPreProcessors()) {
                end = preprocessor(owner, each, end);
            }
            return end;
        }
        Shape shape;
        if (step instanceof CnnToFeedForwardPreProcessor p) {
            shape = Shape.of(shape(from).size());
            requireChannelsFirst(p.getFormat());
        } else if (step instanceof FeedForwardToCnnPreProcessor p) {
            shape = Shape.of((int) p.getNumChannels(), (int) p.getInputHeight(), (int) p.getInputWidth());
        } else if (step instanceof RnnToFeedForwardPreProcessor && shape(from).rank() == 1) {
            // Behind global pooling there is no sequence any more.
            return from;
        } else {
            throw new IllegalArgumentException("preprocessor must be between images and rows, was "
                    + step.getClass().getSimpleName());
        }
        return shape.equals(shape(from))
                ? from
                : add(unique(owner + ".shape"), new LayerSpec.Reshape(shape), false, from);
    }

    private static void requireChannelsFirst(@Nullable CNN2DFormat format) {
        if (format == CNN2DFormat.NHWC) {
            throw new IllegalArgumentException("images must be NCHW like every Batch, were NHWC");
        }
    }

    private static void requireChannelsFirst(@Nullable RNNFormat format) {
        if (format == RNNFormat.NWC) {
            throw new IllegalArgumentException("sequences must be NCW, were NWC");
        }
    }

    private Shape shape(String layer) {
        Shape shape = shapes.get(layer);
        if (shape == null) {
            throw new IllegalStateException("no shape of " + layer);
        }
        return shape;
    }

    private String unique(String name) {
        String free = name;
        while (!names.add(free)) {
            // Deeplearning4j lets two layers have one name.
            free += "#" + layers.size();
        }
        return free;
    }

    private String add(String name, LayerSpec spec, boolean frozen, String... inputs) {
        Shape[] in = new Shape[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = shape(inputs[i]);
        }
        List<Op> ops = Ops.of(spec, in, false);
        layers.add(new NetworkSpec.Layer(name, spec, List.of(inputs), frozen));
        shapes.put(name, ops.get(ops.size() - 1).output());
        return name;
    }

    private void bind(Object layer, String name, boolean logDeviation, int... axes) {
        INDArray array = Dl4jOrigin.parameter(source.apply(layer), name);
        int[] order = axes.length > 0 ? axes : IntStream.range(0, array.rank()).toArray();
        bindings.add(new Dl4jOrigin.Binding(layer, name, array.shape(), order, logDeviation));
    }

    /** Deeplearning4j reads the weights of a 1-D convolution, made as (outputs, channels, k, 1), as (k, channels, outputs). */
    private void bindSequenceWeights(Object layer) {
        INDArray array = Dl4jOrigin.parameter(source.apply(layer), "W");
        long[] view = {array.size(2), array.size(1), array.size(0)};
        bindings.add(new Dl4jOrigin.Binding(layer, "W", view, new int[] {2, 1, 0}, false));
    }

    /** Adds a layer; returns the one that gives its value. */
    private String layer(Object key, String name, Layer given, String before, boolean last) {
        Layer conf = plain(given);
        boolean frozen = conf != given;
        String from = dropout(name, conf.getIDropout(), before);
        if (conf instanceof DropoutLayer) {
            return from.equals(before) && last ? add(name, new LayerSpec.Reshape(shape(from)), false, from) : from;
        } else if (conf instanceof OutputLayer || conf.getClass() == DenseLayer.class) {
            return dense(key, name, (org.deeplearning4j.nn.conf.layers.FeedForwardLayer) conf, from, frozen, last);
        } else if (conf instanceof ActivationLayer a) {
            Activation activation = Dl4jActivations.of(a.getActivationFn());
            boolean output = last && activation.kind() == Activation.Kind.SOFTMAX;
            return add(name, new LayerSpec.Activate(output ? Activation.IDENTITY : activation), false, from);
        } else if (conf instanceof LossLayer) {
            return add(name, new LayerSpec.Activate(Activation.IDENTITY), false, from);
        } else if (conf instanceof BatchNormalization b) {
            return batchNorm(key, name, b, from, frozen);
        } else if (conf instanceof LocalResponseNormalization l) {
            requireChannelsFirst(l.getDataFormat());
            return add(
                    name,
                    new LayerSpec.LocalResponse((int) l.getN(), l.getK(), l.getAlpha(), l.getBeta()),
                    false,
                    from);
        } else if (conf instanceof PReLULayer) {
            bind(key, "W", false);
            INDArray slopes = Dl4jOrigin.parameter(source.apply(key), "W");
            int[] dimensions = java.util.Arrays.stream(slopes.shape())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            boolean row = slopes.rank() == 2 && shape(from).rank() == 1;
            Shape shape = row ? Shape.of((int) slopes.length()) : Shape.of(dimensions);
            return add(name, new LayerSpec.ParametricRelu(shape), frozen, from);
        } else if (conf instanceof GlobalPoolingLayer g) {
            if (g.getPoolingDimensions() != null) {
                int rank = shape(from).rank();
                if (!java.util.Arrays.equals(g.getPoolingDimensions(), rank == 2 ? new int[] {2} : new int[] {2, 3})) {
                    throw new IllegalArgumentException("pooling dimensions must be all positions, were "
                            + java.util.Arrays.toString(g.getPoolingDimensions()));
                }
            }
            return add(
                    name,
                    new LayerSpec.GlobalPooling(reduction(g.getPoolingType()), !g.isCollapseDimensions()),
                    false,
                    from);
        } else if (conf instanceof SubsamplingLayer s) {
            requireChannelsFirst(s.getCnn2dDataFormat());
            boolean sequence = s instanceof Subsampling1DLayer;
            Window w = window(
                    from,
                    sequence,
                    s.getConvolutionMode(),
                    s.getKernelSize(),
                    s.getStride(),
                    s.getPadding(),
                    s.getDilation());
            return add(
                    name,
                    new LayerSpec.Pooling(reduction(s.getPoolingType()), s.isAvgPoolIncludePadInDivisor(), w),
                    false,
                    from);
        } else if (conf instanceof ZeroPaddingLayer z) {
            requireChannelsFirst(z.getDataFormat());
            int[] p = z.getPadding();
            return add(name, new LayerSpec.ZeroPadding(p[0], p[1], p[2], p[3]), false, from);
        } else if (conf instanceof ZeroPadding1DLayer z) {
            int[] p = z.getPadding();
            return add(name, new LayerSpec.ZeroPadding(0, 0, p[0], p[1]), false, from);
        } else if (conf instanceof Upsampling1D u) {
            return add(name, new LayerSpec.Upsampling(1, u.getSize()[0]), false, from);
        } else if (conf instanceof Upsampling2D u) {
            requireChannelsFirst(u.getFormat());
            return add(name, new LayerSpec.Upsampling(u.getSize()[0], u.getSize()[1]), false, from);
        } else if (conf instanceof EmbeddingLayer e) {
            return embedding(
                    key, name, Math.toIntExact(e.getNIn()), (int) e.getNOut(), e.hasBias(), false, e, from, frozen);
        } else if (conf instanceof EmbeddingSequenceLayer e) {
            requireChannelsFirst(e.getOutputFormat());
            return embedding(
                    key, name, Math.toIntExact(e.getNIn()), (int) e.getNOut(), e.hasBias(), true, e, from, frozen);
        } else if (conf instanceof ConvolutionLayer c) {
            return convolution(key, name, c, from, frozen);
        }
        throw unsupported(conf);
    }

    private String dropout(String name, @Nullable IDropout noise, String from) {
        if (noise == null) {
            return from;
        }
        LayerSpec.Dropout spec;
        if (noise instanceof Dropout d && d.getPSchedule() == null) {
            spec = new LayerSpec.Dropout(LayerSpec.Dropout.Kind.VALUES, d.getP());
        } else if (noise instanceof SpatialDropout d && d.getPSchedule() == null) {
            spec = new LayerSpec.Dropout(LayerSpec.Dropout.Kind.CHANNELS, d.getP());
        } else if (noise instanceof GaussianDropout d && d.getRateSchedule() == null) {
            spec = new LayerSpec.Dropout(LayerSpec.Dropout.Kind.GAUSSIAN_FACTOR, d.getRate());
        } else if (noise instanceof GaussianNoise d && d.getStddevSchedule() == null) {
            spec = new LayerSpec.Dropout(LayerSpec.Dropout.Kind.GAUSSIAN_NOISE, d.getStddev());
        } else {
            throw new IllegalArgumentException(
                    "dropout must be Dropout, SpatialDropout, GaussianDropout or GaussianNoise without schedule, was "
                            + noise);
        }
        return add(unique(name + ".dropout"), spec, false, from);
    }

    private String dense(
            Object key,
            String name,
            org.deeplearning4j.nn.conf.layers.FeedForwardLayer conf,
            String from,
            boolean frozen,
            boolean last) {
        boolean output = conf instanceof OutputLayer;
        boolean bias = conf instanceof OutputLayer o ? o.hasBias() : ((DenseLayer) conf).hasBias();
        if (conf instanceof DenseLayer d && d.hasLayerNorm()) {
            throw new IllegalArgumentException("dense layer must have no layer normalisation");
        }
        Activation activation = Dl4jActivations.of(conf.getActivationFn());
        if (output || last && activation.kind() == Activation.Kind.SOFTMAX) {
            activation = Activation.IDENTITY;
        }
        if (shape(from).size() != conf.getNIn()) {
            throw new IllegalArgumentException("input must have " + conf.getNIn() + " values, was " + shape(from));
        }
        bind(key, "W", false, 1, 0);
        if (bias) {
            bind(key, "b", false);
        }
        return add(name, new LayerSpec.Dense(Math.toIntExact(conf.getNOut()), bias, activation), frozen, from);
    }

    private String batchNorm(Object key, String name, BatchNormalization b, String from, boolean frozen) {
        requireChannelsFirst(b.getCnn2DFormat());
        boolean affine = !b.isLockGammaBeta();
        if (affine) {
            bind(key, "gamma", false);
            bind(key, "beta", false);
        }
        bind(key, "mean", false);
        bind(key, b.isUseLogStd() ? "log10stdev" : "var", b.isUseLogStd());
        return add(
                name,
                new LayerSpec.BatchNorm(b.getEps(), b.getDecay(), affine, b.getGamma(), b.getBeta()),
                frozen,
                from);
    }

    private static LayerSpec.Reduction reduction(PoolingType type) {
        return switch (type) {
            case MAX -> LayerSpec.Reduction.MAX;
            case AVG -> LayerSpec.Reduction.AVERAGE;
            case SUM -> LayerSpec.Reduction.SUM;
            case PNORM -> throw new IllegalArgumentException("pooling must be MAX, AVG or SUM, was PNORM");
        };
    }

    private static LayerSpec.Reduction reduction(org.deeplearning4j.nn.conf.layers.SubsamplingLayer.PoolingType type) {
        return reduction(type.toPoolingType());
    }

    private String embedding(
            Object key,
            String name,
            int vocabulary,
            int outputs,
            boolean bias,
            boolean sequence,
            BaseLayer conf,
            String from,
            boolean frozen) {
        bind(key, "W", false);
        if (bias) {
            bind(key, "b", false);
        }
        Activation activation = Dl4jActivations.of(conf.getActivationFn());
        return add(name, new LayerSpec.Embedding(vocabulary, outputs, bias, sequence, activation), frozen, from);
    }

    private String convolution(Object key, String name, ConvolutionLayer c, String from, boolean frozen) {
        boolean sequence = c instanceof Convolution1DLayer;
        if (c instanceof Convolution1DLayer one) {
            requireChannelsFirst(one.getRnnDataFormat());
        } else {
            requireChannelsFirst(c.getCnn2dDataFormat());
        }
        Window w = window(
                from,
                sequence,
                c.getConvolutionMode(),
                c.getKernelSize(),
                c.getStride(),
                c.getPadding(),
                c.getDilation());
        Activation activation = Dl4jActivations.of(c.getActivationFn());
        int channels = shape(from).dimension(0);
        int outputs = Math.toIntExact(c.getNOut());
        if (c.getClass() == DepthwiseConvolution2D.class) {
            int made = channels * ((DepthwiseConvolution2D) c).getDepthMultiplier();
            if (c.hasBias()) {
                bind(key, "b", false);
            }
            bind(key, "W", false, 2, 3, 0, 1);
            return add(name, new LayerSpec.Convolution(made, w, channels, c.hasBias(), activation), frozen, from);
        } else if (c.getClass() == SeparableConvolution2D.class) {
            int made = channels * ((SeparableConvolution2D) c).getDepthMultiplier();
            bind(key, "W", false, 1, 0, 2, 3);
            String deep = add(
                    unique(name + ".depthwise"),
                    new LayerSpec.Convolution(made, w, channels, false, Activation.IDENTITY),
                    frozen,
                    from);
            if (c.hasBias()) {
                bind(key, "b", false);
            }
            bind(key, "pW", false);
            LayerSpec point = new LayerSpec.Convolution(outputs, Window.square(1, 1), 1, c.hasBias(), activation);
            return add(name, point, frozen, deep);
        } else if (c.getClass() == ConvolutionLayer.class
                || c.getClass() == Convolution2D.class
                || c.getClass() == Convolution1DLayer.class
                || c.getClass() == Convolution1D.class) {
            if (c.hasBias()) {
                bind(key, "b", false);
            }
            if (sequence) {
                bindSequenceWeights(key);
            } else {
                bind(key, "W", false);
            }
            return add(name, new LayerSpec.Convolution(outputs, w, 1, c.hasBias(), activation), frozen, from);
        }
        throw unsupported(c);
    }

    private Window window(
            String from,
            boolean sequence,
            @Nullable ConvolutionMode mode,
            int[] kernel,
            int[] stride,
            int[] padding,
            int[] dilation) {
        Shape in = shape(from);
        if (in.rank() != (sequence ? 2 : 3)) {
            throw new IllegalArgumentException(
                    "input must be " + (sequence ? "(channels, length)" : "(channels, height, width)") + ", was " + in);
        }
        int[] x = side(
                mode,
                in.dimension(in.rank() - 1),
                last(kernel, sequence),
                last(stride, sequence),
                last(padding, sequence),
                last(dilation, sequence));
        int[] y = sequence ? new int[2] : side(mode, in.dimension(1), kernel[0], stride[0], padding[0], dilation[0]);
        return new Window(
                sequence ? 1 : kernel[0],
                last(kernel, sequence),
                sequence ? 1 : stride[0],
                last(stride, sequence),
                sequence ? 1 : dilation[0],
                last(dilation, sequence),
                y[0],
                y[1],
                x[0],
                x[1]);
    }

    private static int last(int[] pair, boolean sequence) {
        return sequence ? pair[0] : pair[1];
    }

    /** Padding before and after. */
    private static int[] side(
            @Nullable ConvolutionMode mode, int length, int kernel, int stride, int padding, int dilation) {
        int reach = (kernel - 1) * dilation + 1;
        if (mode == ConvolutionMode.Same) {
            int outputs = (length + stride - 1) / stride;
            int total = Math.max(0, (outputs - 1) * stride + reach - length);
            return new int[] {total / 2, total - total / 2};
        }
        return mode == ConvolutionMode.Causal ? new int[] {reach - 1, 0} : new int[] {padding, padding};
    }

    private CompiledNetwork finish(Dl4jOrigin origin, Bounds bounds) {
        NetworkSpec spec = new NetworkSpec(input, layers);
        float[] parameters = Dl4jOrigin.read(bindings, b -> Dl4jOrigin.parameter(source.apply(b.layer()), b.name()));
        return Networks.of(new Compiled(spec, origin), parameters, bounds);
    }

    /** Leaves the activation of an output layer out, as logits are what stands before it. */
    private static void identity(org.deeplearning4j.nn.api.Layer layer) {
        Layer conf = Dl4jOrigin.inner(layer).conf().getLayer();
        if (conf instanceof OutputLayer || conf instanceof LossLayer) {
            ((BaseLayer) conf).setActivationFn(new ActivationIdentity());
        } else if (conf instanceof DenseLayer d && d.getActivationFn() instanceof ActivationSoftmax) {
            d.setActivationFn(new ActivationIdentity());
        } else if (conf instanceof ActivationLayer a && a.getActivationFn() instanceof ActivationSoftmax) {
            a.setActivationFn(new ActivationIdentity());
        }
    }

    /** Logits of a few random inputs, as Deeplearning4j itself computes them, must be those of the engine. */
    private static void check(
            CompiledNetwork network, Shape taken, DataType type, java.util.function.UnaryOperator<INDArray> output) {
        Shape shape = network.spec().inputShape();
        RandomGenerator random = new Seed(0).generator(0);
        float[] values = new float[CHECK_ROWS * shape.size()];
        int vocabulary = network.network().layers().stream()
                .filter(l -> l.spec() instanceof LayerSpec.Embedding)
                .mapToInt(l -> ((LayerSpec.Embedding) l.spec()).vocabulary())
                .min()
                .orElse(0);
        for (int i = 0; i < values.length; i++) {
            values[i] = vocabulary > 0 ? random.nextInt(vocabulary) : (float) random.nextGaussian();
        }
        float[] own = network.logits(Batch.wrap(values, shape)).toArray();
        float[] expected;
        try (INDArray x = Batches.toArray(Batch.wrap(values, taken), type);
                INDArray y = output.apply(x)) {
            expected = Batches.fromArray(y).toArray();
        }
        double largest = 0;
        for (float v : expected) {
            if (!Float.isFinite(v)) {
                throw new SecurityControlException(
                        "self-check failed: Deeplearning4j must give finite logits, gave " + v);
            }
            largest = Math.max(largest, Math.abs(v));
        }
        if (own.length != expected.length) {
            throw new SecurityControlException(
                    "self-check failed: Deeplearning4j gives " + expected.length + " logits, the engine " + own.length);
        }
        for (int i = 0; i < own.length; i++) {
            if (!(Math.abs(own[i] - expected[i]) <= TOLERANCE * largest)) {
                throw new SecurityControlException("self-check failed: logit " + i + " must be " + expected[i]
                        + " as Deeplearning4j gives it, was " + own[i]);
            }
        }
    }
}
