// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;

/** Which ops make up a layer. */
final class Ops {
    private Ops() {}

    /**
     * The ops of a layer; the first has the layer's inputs, each other follows the one before.
     *
     * @param training whether noise is drawn and batch statistics are used
     */
    static List<Op> of(LayerSpec spec, Shape[] inputs, boolean training) {
        boolean many = spec instanceof LayerSpec.Concatenate || spec instanceof LayerSpec.Combine;
        if (!many && inputs.length != 1) {
            throw new IllegalArgumentException("inputs must be 1, were " + inputs.length);
        }
        Shape in = inputs[0];
        // A switch over the sealed type would be shorter; Java 17 has it as a preview only.
        if (spec instanceof LayerSpec.Dense d) {
            Op op = new DenseOp(in.size(), d.outputs(), d.bias(), isRelu(d.activation()));
            return followed(op, d.activation());
        } else if (spec instanceof LayerSpec.Convolution c) {
            return convolution(c, in);
        } else if (spec instanceof LayerSpec.Pooling p) {
            return List.of(new PoolOp(
                    p.reduction(), p.countPadding(), channels(in), height(in), width(in), p.window(), in.rank() == 2));
        } else if (spec instanceof LayerSpec.GlobalPooling g) {
            channels(in);
            return List.of(new GlobalPoolOp(g, in));
        } else if (spec instanceof LayerSpec.BatchNorm b) {
            return List.of(new BatchNormOp(b, in, training));
        } else if (spec instanceof LayerSpec.LocalResponse l) {
            return List.of(new LocalResponseOp(l, in));
        } else if (spec instanceof LayerSpec.Activate a) {
            return List.of(new ActivationOp(a.activation(), in));
        } else if (spec instanceof LayerSpec.ParametricRelu p) {
            return List.of(new ParametricReluOp(p.slopes(), in));
        } else if (spec instanceof LayerSpec.Dropout d) {
            return List.of(training ? new DropoutOp(d, in) : new ActivationOp(Activation.IDENTITY, in));
        } else if (spec instanceof LayerSpec.Reshape r) {
            if (r.shape().size() != in.size()) {
                throw new IllegalArgumentException("shape must have " + in.size() + " values, was " + r.shape());
            }
            return List.of(new ActivationOp(Activation.IDENTITY, r.shape()));
        } else if (spec instanceof LayerSpec.ZeroPadding z) {
            return List.of(new ZeroPaddingOp(z, channels(in), height(in), width(in), in.rank() == 2));
        } else if (spec instanceof LayerSpec.Upsampling u) {
            return List.of(new UpsamplingOp(u, channels(in), height(in), width(in), in.rank() == 2));
        } else if (spec instanceof LayerSpec.Embedding e) {
            return followed(new EmbeddingOp(e, in), e.activation());
        } else if (spec instanceof LayerSpec.Concatenate) {
            return List.of(new ConcatenateOp(inputs));
        } else if (spec instanceof LayerSpec.Combine c) {
            return List.of(new CombineOp(c.kind(), inputs));
        }
        throw new IllegalStateException("no op for " + spec);
    }

    private static List<Op> convolution(LayerSpec.Convolution c, Shape in) {
        int channels = channels(in);
        if (channels % c.groups() != 0) {
            throw new IllegalArgumentException(
                    "groups must divide the " + channels + " input channels, was " + c.groups());
        }
        Op op = new ConvOp(
                channels,
                height(in),
                width(in),
                c.window(),
                c.outputs(),
                c.groups(),
                c.bias(),
                isRelu(c.activation()),
                in.rank() == 2);
        return followed(op, c.activation());
    }

    private static boolean isRelu(Activation a) {
        return a.kind() == Activation.Kind.RELU;
    }

    private static List<Op> followed(Op op, Activation a) {
        boolean fused = isRelu(a) && !(op instanceof EmbeddingOp);
        return fused || a.kind() == Activation.Kind.IDENTITY
                ? List.of(op)
                : List.of(op, new ActivationOp(a, op.output()));
    }

    private static int channels(Shape in) {
        if (in.rank() < 2 || in.rank() > 3) {
            throw new IllegalArgumentException(
                    "input must be (channels, length) or (channels, height, width), was " + in);
        }
        return in.dimension(0);
    }

    private static int height(Shape in) {
        return in.rank() == 2 ? 1 : in.dimension(1);
    }

    private static int width(Shape in) {
        return in.dimension(in.rank() - 1);
    }

    /** (channels, length) or (channels, height, width). */
    static Shape image(boolean sequence, int channels, int height, int width) {
        return sequence ? Shape.of(channels, width) : Shape.of(channels, height, width);
    }
}
