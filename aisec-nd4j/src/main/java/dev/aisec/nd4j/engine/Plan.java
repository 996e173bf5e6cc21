// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.LayerInfo;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ops of a network in order of execution, and where their parameters stand. Immutable.
 *
 * <p>Value 0 is the input; op i gives value i + 1. An op that passes its input through shares that value's slot.
 */
final class Plan {
    /** Most rows of a chunk where convolutions fill the cache. */
    private static final int CONVOLUTION_ROWS = 32;
    /** Rows of a chunk of dense layers only, where packing the weights should be paid by many rows. */
    private static final int DENSE_ROWS = 128;
    /** Floats that the largest value of a chunk should not exceed. */
    private static final int VALUE = 1 << 20;

    final NetworkSpec spec;
    final Op[] ops;
    /** The values that feed an op. */
    final int[][] inputs;
    /** Where a value is held: its own number, or that of the value it equals. */
    final int[] slot;
    /** The last op that reads a slot. */
    final int[] lastUse;
    /** Whether parameters that are trained stand at or before a value. */
    final boolean[] trainable;
    /** Whether an op's parameters are left alone by training. */
    final boolean[] frozen;
    /** Whether an op has parameters that gradients are for. */
    final boolean[] trained;

    final int[] firstTensor;
    final List<TensorSpec> tensors;
    final boolean[] frozenTensor;
    final ParameterLayout layout;
    final List<LayerInfo> layers;
    /** The value that a layer of {@link #layers} gives. */
    final int[] valueOfLayer;
    /** Rows that are worked on together. */
    final int chunk;
    /** Floats of one example over all values. */
    final long valueSize;

    Plan(NetworkSpec spec, boolean training) {
        this.spec = spec;
        Map<String, Integer> valueOf = new HashMap<>(Map.of(NetworkSpec.INPUT, 0));
        List<Op> list = new ArrayList<>();
        List<int[]> feeds = new ArrayList<>();
        List<Shape> shapes = new ArrayList<>(List.of(spec.input()));
        List<TensorSpec> all = new ArrayList<>();
        List<Boolean> frozenTensors = new ArrayList<>();
        List<Boolean> frozenOps = new ArrayList<>();
        List<ParameterLayout.Tensor> placed = new ArrayList<>();
        List<LayerInfo> infos = new ArrayList<>();
        List<Integer> ends = new ArrayList<>();
        List<Integer> first = new ArrayList<>();
        long offset = 0;
        boolean convolution = false;
        for (NetworkSpec.Layer layer : spec.layers()) {
            int[] from = layer.inputs().stream().mapToInt(valueOf::get).toArray();
            Shape[] in = Arrays.stream(from).mapToObj(shapes::get).toArray(Shape[]::new);
            List<Op> made;
            try {
                made = Ops.of(layer.spec(), in, training && !layer.frozen());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("layer " + layer.name() + ": " + e.getMessage(), e);
            }
            for (Op op : made) {
                first.add(all.size());
                for (TensorSpec t : op.tensors()) {
                    placed.add(new ParameterLayout.Tensor(
                            layer.name() + "." + t.name(), t.shape(), Math.toIntExact(offset)));
                    offset += t.shape().size();
                    all.add(t);
                    frozenTensors.add(layer.frozen());
                }
                convolution |= op instanceof ConvOp || op instanceof PoolOp;
                list.add(op);
                frozenOps.add(layer.frozen());
                feeds.add(from);
                shapes.add(op.output());
                from = new int[] {list.size()};
            }
            valueOf.put(layer.name(), list.size());
            boolean last = layer == spec.layers().get(spec.layers().size() - 1);
            if (last || !(layer.spec() instanceof LayerSpec.Reshape || layer.spec() instanceof LayerSpec.Dropout)) {
                String kind = layer.spec().getClass().getSimpleName().toLowerCase(Locale.ROOT);
                infos.add(new LayerInfo(layer.name(), kind, shapes.get(list.size())));
                ends.add(list.size());
            }
        }
        ops = list.toArray(Op[]::new);
        inputs = feeds.toArray(int[][]::new);
        firstTensor = first.stream().mapToInt(i -> i).toArray();
        tensors = List.copyOf(all);
        frozenTensor = flags(frozenTensors);
        frozen = flags(frozenOps);
        valueOfLayer = ends.stream().mapToInt(i -> i).toArray();
        layout = new ParameterLayout(placed);
        layers = List.copyOf(infos);
        slot = new int[ops.length + 1];
        lastUse = new int[ops.length + 1];
        trainable = new boolean[ops.length + 1];
        trained = new boolean[ops.length];
        for (int i = 0; i < ops.length; i++) {
            slot[i + 1] = ops[i].isIdentity() ? slot[inputs[i][0]] : i + 1;
            trained[i] = !frozen[i] && ops[i].isTrained();
            trainable[i + 1] = trained[i];
            for (int v : inputs[i]) {
                lastUse[slot[v]] = i;
                trainable[i + 1] |= trainable[v];
            }
        }
        lastUse[slot[ops.length]] = ops.length;
        long total = 0;
        int largest = 1;
        for (int v = 0; v <= ops.length; v++) {
            if (slot[v] == v) {
                total += shapes.get(v).size();
                largest = Math.max(largest, shapes.get(v).size());
            }
        }
        valueSize = total;
        chunk = convolution
                ? Math.min(CONVOLUTION_ROWS, Math.max(8, Integer.highestOneBit(Math.max(1, VALUE / largest))))
                : DENSE_ROWS;
    }

    private static boolean[] flags(List<Boolean> list) {
        boolean[] flags = new boolean[list.size()];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = list.get(i);
        }
        return flags;
    }

    Shape output() {
        return ops[ops.length - 1].output();
    }

    int size(int value) {
        return value == 0 ? spec.input().size() : ops[value - 1].output().size();
    }

    int offset(int tensor) {
        return layout.tensors().get(tensor).offset();
    }

    /** The layer that an op belongs to, by name. */
    String layerOf(int op) {
        String tensor = layout.tensors().get(firstTensor[op]).name();
        return tensor.substring(0, tensor.lastIndexOf('.'));
    }

    /** Columns for the next rows: a full chunk, a padded rest, or one row by itself when there are one or two. */
    int width(int rows) {
        return rows >= chunk ? chunk : rows <= 2 ? 1 : (rows + 7) / 8 * 8;
    }

    /** First row of each chunk, and the number of rows at the end. */
    int[] chunks(int rows) {
        int[] starts = new int[rows / chunk + 3];
        int count = 0;
        int from = 0;
        while (from < rows) {
            starts[count++] = from;
            from += Math.min(rows - from, width(rows - from));
        }
        starts[count++] = rows;
        return Arrays.copyOf(starts, count);
    }

    /**
     * Runs the ops from {@code from} to before {@code to} on a chunk. Unless values are kept, each goes back after its last
     * use.
     */
    void forward(Frame f, Chunk c, int from, int to, boolean keep) {
        f.width = c.width;
        f.valid = c.valid;
        f.firstRow = c.first;
        for (int i = from; i < to; i++) {
            int own = slot[i + 1];
            if (own != i + 1) {
                continue;
            }
            enter(f, c, i);
            float[] out = f.arena.take(size(own) * f.width);
            c.values[own] = out;
            f.out = out;
            ops[i].forward(f);
            if (!keep) {
                for (int v : inputs[i]) {
                    drop(f, c, slot[v], i);
                }
            }
        }
    }

    private void drop(Frame f, Chunk c, int held, int op) {
        float[] values = c.values[held];
        if (values != null && lastUse[held] <= op) {
            f.arena.give(values);
            c.values[held] = null;
        }
    }

    /**
     * Runs back over the ops from {@code to − 1} down to {@code from}. The cotangent of the last value stands in {@code
     * c.cotangents}; those of values before are left there, the input's only if wanted.
     */
    void backward(Frame f, Chunk c, int from, int to, boolean wantInput, double @Nullable [] norms) {
        f.width = c.width;
        f.valid = c.valid;
        f.firstRow = c.first;
        for (int i = to - 1; i >= from; i--) {
            int own = slot[i + 1];
            float[] d = c.cotangents[own];
            if (own != i + 1 || d == null) {
                continue;
            }
            enter(f, c, i);
            f.out = c.value(own);
            f.dOut = d;
            Gradients gradients = f.gradients;
            if (frozen[i]) {
                f.gradients = null;
            } else if (norms != null) {
                ops[i].addSquaredNorms(f, norms);
            }
            boolean any = f.gradients != null && trained[i];
            for (int j = 0; j < inputs[i].length; j++) {
                int v = inputs[i][j];
                boolean want = wantInput || trainable[v];
                f.dIn[j] = want ? f.arena.take(size(v) * f.width) : null;
                any |= want;
            }
            if (any) {
                ops[i].backward(f);
            }
            f.gradients = gradients;
            f.arena.give(d);
            c.cotangents[own] = null;
            for (int j = 0; j < inputs[i].length; j++) {
                float[] part = f.dIn[j];
                if (part == null) {
                    continue;
                }
                int held = slot[inputs[i][j]];
                float[] sum = c.cotangents[held];
                if (sum == null) {
                    c.cotangents[held] = part;
                } else {
                    Lanes.add(sum, part, 0, size(held) * f.width);
                    f.arena.give(part);
                }
            }
        }
    }

    void enter(Frame f, Chunk c, int op) {
        f.op = op;
        f.tensor = firstTensor[op];
        int count = inputs[op].length;
        if (f.in.length < count) {
            f.in = new float[count][];
            f.dIn = new float[count][];
        }
        for (int j = 0; j < count; j++) {
            f.in[j] = c.value(slot[inputs[op][j]]);
        }
    }
}
