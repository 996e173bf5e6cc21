// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.FeedForward.Plane;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The folded network as {@link FeedForward}. */
final class VisibleLayers {
    private static final String SUPPORTED =
            "dense, convolution, average and max pooling (global too), batch normalisation, ReLU, leaky ReLU of slope in"
                    + " [0, 1], dropout, reshape and zero padding, in a chain";

    private final float[] flat;
    private final Map<String, ParameterLayout.Tensor> tensors = new HashMap<>();
    private final List<FeedForward.Layer> layers = new ArrayList<>();
    private Shape shape;

    private VisibleLayers(Plan plan, float[] flat) {
        this.flat = flat;
        this.shape = plan.spec.input();
        plan.layout.tensors().forEach(t -> tensors.put(t.name(), t));
    }

    static FeedForward of(Plan plan, float[] flat, ModelSpec spec) {
        VisibleLayers visible = new VisibleLayers(plan, flat);
        String before = NetworkSpec.INPUT;
        for (NetworkSpec.Layer layer : plan.spec.layers()) {
            if (!layer.inputs().equals(List.of(before))) {
                throw refusal(layer, "is fed by " + layer.inputs() + " instead of " + before);
            }
            visible.add(layer);
            before = layer.name();
        }
        return FeedForward.of(spec.inputShape(), spec.bounds(), visible.layers);
    }

    private static IllegalStateException refusal(NetworkSpec.Layer layer, String reason) {
        return new IllegalStateException(
                "network must consist of " + SUPPORTED + ", layer " + layer.name() + " " + reason);
    }

    private void add(NetworkSpec.Layer layer) {
        LayerSpec spec = layer.spec();
        if (spec instanceof LayerSpec.Dense d) {
            if (shape.rank() != 1) {
                append(new FeedForward.Reshape(Shape.of(shape.size())));
            }
            append(new FeedForward.Dense(tensor(layer, "weight"), bias(layer, d.bias(), d.outputs())));
            activate(layer, d.activation());
        } else if (spec instanceof LayerSpec.Convolution c) {
            append(new FeedForward.Convolution(
                    tensor(layer, "weight"), bias(layer, c.bias(), c.outputs()), window(c.window()), c.groups()));
            activate(layer, c.activation());
        } else if (spec instanceof LayerSpec.Pooling p) {
            append(pooling(layer, p.reduction(), window(p.window()), p.countPadding()));
        } else if (spec instanceof LayerSpec.GlobalPooling g) {
            Plane plane = Plane.of(shape);
            append(pooling(
                    layer,
                    g.reduction(),
                    new FeedForward.Window(plane.height(), plane.width(), 1, 1, 1, 1, 0, 0, 0, 0),
                    true));
            if (!g.keepAxes()) {
                append(new FeedForward.Reshape(Shape.of(plane.channels())));
            }
        } else if (spec instanceof LayerSpec.BatchNorm b) {
            normalise(layer, b);
        } else if (spec instanceof LayerSpec.Activate a) {
            activate(layer, a.activation());
        } else if (spec instanceof LayerSpec.Reshape r) {
            append(new FeedForward.Reshape(r.shape()));
        } else if (spec instanceof LayerSpec.ZeroPadding z) {
            int channels = shape.dimension(0);
            float[] ones = new float[channels];
            Arrays.fill(ones, 1f);
            scale(
                    ones,
                    new float[channels],
                    new FeedForward.Window(1, 1, 1, 1, 1, 1, z.top(), z.bottom(), z.left(), z.right()));
        } else if (!(spec instanceof LayerSpec.Dropout)) {
            throw refusal(layer, "is " + spec);
        }
    }

    private void append(FeedForward.Layer layer) {
        layers.add(layer);
        shape = layer.outputShape(shape);
    }

    private FeedForward.Layer pooling(
            NetworkSpec.Layer layer, LayerSpec.Reduction reduction, FeedForward.Window window, boolean countPadding) {
        return switch (reduction) {
            case MAX -> new FeedForward.MaxPooling(window);
            case AVERAGE -> new FeedForward.AveragePooling(window, countPadding);
            case SUM -> throw refusal(layer, "pools by sum");
        };
    }

    private void activate(NetworkSpec.Layer layer, Activation activation) {
        switch (activation.kind()) {
            case IDENTITY -> {}
            case RELU -> append(new FeedForward.Relu());
            case LEAKY_RELU -> {
                if (!(activation.parameter() >= 0 && activation.parameter() <= 1)) {
                    throw refusal(layer, "has " + activation);
                }
                append(new FeedForward.Relu(activation.parameter()));
            }
            default -> throw refusal(layer, "has " + activation);
        }
    }

    /** A factor and a shift for each channel: a convolution of one tap with a group for each. */
    private void normalise(NetworkSpec.Layer layer, LayerSpec.BatchNorm b) {
        int channels = shape.dimension(0);
        float[] mean = tensor(layer, "mean");
        float[] variance = tensor(layer, "variance");
        float[] gamma = b.affine() ? tensor(layer, "gamma") : new float[0];
        float[] beta = b.affine() ? tensor(layer, "beta") : new float[0];
        float[] factor = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            double a = (b.affine() ? gamma[c] : b.gamma()) / Math.sqrt(variance[c] + b.epsilon());
            factor[c] = (float) a;
            shift[c] = (float) ((b.affine() ? beta[c] : b.beta()) - a * mean[c]);
        }
        FeedForward.Window one = FeedForward.Window.square(1, 1, 0);
        if (shape.rank() > 1) {
            scale(factor, shift, one);
        } else {
            append(new FeedForward.Reshape(Shape.of(channels, 1)));
            scale(factor, shift, one);
            append(new FeedForward.Reshape(Shape.of(channels)));
        }
    }

    private void scale(float[] factor, float[] shift, FeedForward.Window window) {
        append(new FeedForward.Convolution(factor, shift, window, factor.length));
    }

    private float[] bias(NetworkSpec.Layer layer, boolean present, int outputs) {
        return present ? tensor(layer, "bias") : new float[outputs];
    }

    private float[] tensor(NetworkSpec.Layer layer, String name) {
        ParameterLayout.Tensor t = tensors.get(layer.name() + "." + name);
        if (t == null) {
            throw new IllegalStateException("layer " + layer.name() + " has no " + name);
        }
        return Arrays.copyOfRange(flat, t.offset(), t.offset() + t.shape().size());
    }

    private static FeedForward.Window window(Window w) {
        return new FeedForward.Window(
                w.height(),
                w.width(),
                w.strideY(),
                w.strideX(),
                w.dilationY(),
                w.dilationX(),
                w.top(),
                w.bottom(),
                w.left(),
                w.right());
    }
}
