// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.LayerInfo;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The ops of a network in order of execution, and where their parameters stand. Immutable. */
final class Plan {
    /** Rows of a chunk where convolutions fill the cache. */
    private static final int CONVOLUTION_ROWS = 32;
    /** Rows of a chunk of dense layers only, where packing the weights should be paid by many rows. */
    private static final int DENSE_ROWS = 128;
    /** Frames kept for reuse. */
    private static final int POOLED = 2 * Runtime.getRuntime().availableProcessors();

    final Shape input;
    final Op[] ops;
    final int[] firstTensor;
    final ParameterLayout layout;
    final List<LayerInfo> layers;
    final int[] opOfLayer;
    final int chunk;
    private final List<TensorSpec> tensors = new ArrayList<>();
    private final Frame[] pool = new Frame[POOLED];
    private int pooled;

    Plan(NetworkSpec spec) {
        input = spec.input();
        List<Op> list = new ArrayList<>();
        List<ParameterLayout.Tensor> placed = new ArrayList<>();
        List<LayerInfo> infos = new ArrayList<>();
        List<Integer> ends = new ArrayList<>();
        List<Integer> first = new ArrayList<>();
        Shape shape = input;
        long offset = 0;
        boolean convolution = false;
        for (NetworkSpec.Layer layer : spec.layers()) {
            List<Op> made;
            try {
                made = ops(layer.spec(), shape);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("layer " + layer.name() + ": " + e.getMessage(), e);
            }
            for (Op op : made) {
                first.add(tensors.size());
                for (TensorSpec t : op.tensors()) {
                    placed.add(new ParameterLayout.Tensor(
                            layer.name() + "." + t.name(), t.shape(), Math.toIntExact(offset)));
                    offset += t.shape().size();
                    tensors.add(t);
                }
                convolution |= op instanceof ConvOp || op instanceof PoolOp;
                shape = op.output();
                list.add(op);
            }
            String kind = layer.spec().getClass().getSimpleName().toLowerCase(Locale.ROOT);
            infos.add(new LayerInfo(layer.name(), kind, shape));
            ends.add(list.size() - 1);
        }
        ops = list.toArray(Op[]::new);
        firstTensor = first.stream().mapToInt(i -> i).toArray();
        opOfLayer = ends.stream().mapToInt(i -> i).toArray();
        layout = new ParameterLayout(placed);
        layers = List.copyOf(infos);
        chunk = convolution ? CONVOLUTION_ROWS : DENSE_ROWS;
    }

    private static List<Op> ops(LayerSpec spec, Shape in) {
        if (spec instanceof LayerSpec.Dense d) {
            return linear(new DenseOp(in.size(), d.outputs(), d.bias(), isRelu(d.activation())), d.activation());
        }
        if (spec instanceof LayerSpec.Convolution c) {
            int channels = image(in);
            if (c.groups() < 1 || channels % c.groups() != 0 || c.outputs() % c.groups() != 0) {
                throw new IllegalArgumentException("groups must divide " + channels + " input and " + c.outputs()
                        + " output channels, was " + c.groups());
            }
            return linear(
                    new ConvOp(
                            channels,
                            in.rank() == 2 ? 1 : in.dimension(1),
                            in.dimension(in.rank() - 1),
                            c.window(),
                            c.outputs(),
                            c.groups(),
                            c.bias(),
                            isRelu(c.activation()),
                            in.rank() == 2),
                    c.activation());
        }
        if (spec instanceof LayerSpec.Pooling p) {
            return List.of(new PoolOp(
                    p.maximum(),
                    p.countPadding(),
                    image(in),
                    in.rank() == 2 ? 1 : in.dimension(1),
                    in.dimension(in.rank() - 1),
                    p.window(),
                    in.rank() == 2));
        }
        if (spec instanceof LayerSpec.Activate a) {
            return List.of(new ActivationOp(a.activation(), in));
        }
        LayerSpec.Reshape r = (LayerSpec.Reshape) spec;
        if (r.shape().size() != in.size()) {
            throw new IllegalArgumentException("shape must have " + in.size() + " values, was " + r.shape());
        }
        return List.of(new ActivationOp(Activation.IDENTITY, r.shape()));
    }

    private static boolean isRelu(Activation a) {
        return a.kind() == Activation.Kind.RELU;
    }

    private static List<Op> linear(Op op, Activation a) {
        return isRelu(a) || a.kind() == Activation.Kind.IDENTITY
                ? List.of(op)
                : List.of(op, new ActivationOp(a, op.output()));
    }

    private static int image(Shape in) {
        if (in.rank() < 2 || in.rank() > 3) {
            throw new IllegalArgumentException(
                    "input must be (channels, length) or (channels, height, width), was " + in);
        }
        return in.dimension(0);
    }

    TensorSpec tensor(int i) {
        return tensors.get(i);
    }

    int[] tensorOffsets() {
        return layout.tensors().stream()
                .mapToInt(ParameterLayout.Tensor::offset)
                .toArray();
    }

    int size(int value) {
        return value == 0 ? input.size() : ops[value - 1].output().size();
    }

    Frame borrow(Weights weights) {
        Frame frame = null;
        synchronized (pool) {
            if (pooled > 0) {
                frame = pool[--pooled];
            }
        }
        if (frame == null) {
            return new Frame(weights, ops.length + 1);
        }
        frame.weights = weights;
        return frame;
    }

    void giveBack(Frame frame) {
        synchronized (pool) {
            if (pooled < POOLED) {
                pool[pooled++] = frame;
            }
        }
    }

    /** Columns for the next rows: a full chunk, a padded rest, or one row by itself when there are one or two. */
    int width(int rows) {
        return rows >= chunk ? chunk : rows <= 2 ? 1 : (rows + 7) / 8 * 8;
    }

    /** Runs the ops before {@code end}; values not needed later go back unless {@code keep}. */
    void forward(Frame f, float[][] values, int end, boolean keep) {
        for (int i = 0; i < end; i++) {
            if (ops[i].isIdentity(false)) {
                values[i + 1] = values[i];
                continue;
            }
            enter(f, i, values);
            values[i + 1] = f.arena.take(size(i + 1) * f.width);
            f.out = values[i + 1];
            ops[i].forward(f);
            if (!keep) {
                f.arena.give(values[i]);
            }
        }
    }

    /** Runs back; {@code d} is the cotangent of the last value and is given back. Returns the input's, if wanted. */
    float @Nullable [] backward(Frame f, float[][] values, float[] d, boolean wantInput, double @Nullable [] norms) {
        float[] cotangent = d;
        for (int i = ops.length - 1; i >= 0; i--) {
            if (ops[i].isIdentity(false)) {
                continue;
            }
            enter(f, i, values);
            f.out = values[i + 1];
            f.dOut = cotangent;
            if (norms != null) {
                ops[i].addSquaredNorms(f, norms);
            }
            boolean want = i > 0 || wantInput;
            float[] next = want ? f.arena.take(size(i) * f.width) : null;
            f.dIn[0] = next;
            ops[i].backward(f);
            f.arena.give(cotangent);
            if (next == null) {
                return null;
            }
            cotangent = next;
        }
        return cotangent;
    }

    /** Gives the values of a kept forward pass back. */
    void release(Frame f, float[][] values) {
        for (int i = 0; i < values.length; i++) {
            if (i == 0 || values[i] != values[i - 1]) {
                f.arena.give(values[i]);
            }
        }
    }

    private void enter(Frame f, int op, float[][] values) {
        f.node = op;
        f.tensor = firstTensor[op];
        f.in[0] = values[op];
    }
}
