// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of a table by index. */
final class EmbeddingOp extends Op {
    private final LayerSpec.Embedding spec;
    private final int length;

    EmbeddingOp(LayerSpec.Embedding spec, Shape in) {
        super(spec.sequence() ? Shape.of(spec.outputs(), in.size()) : Shape.of(spec.outputs()));
        if (!spec.sequence() && in.size() != 1) {
            throw new IllegalArgumentException("input must be one index, was " + in);
        }
        this.spec = spec;
        this.length = in.size();
    }

    @Override
    List<TensorSpec> tensors() {
        List<TensorSpec> list = new ArrayList<>();
        list.add(TensorSpec.vector("weight", Shape.of(spec.vocabulary(), spec.outputs())));
        if (spec.bias()) {
            list.add(TensorSpec.vector("bias", Shape.of(spec.outputs())));
        }
        return list;
    }

    private int index(Frame f, int position, int row) {
        float v = f.in[0][position * f.width + row];
        int index = (int) v;
        if (index != v || index < 0 || index >= spec.vocabulary()) {
            throw new IllegalArgumentException(
                    "inputs must be whole numbers in [0, " + spec.vocabulary() + ") to be looked up, was " + v);
        }
        return index;
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        float[] flat = f.weights().flat;
        int table = f.weights().offset(f.tensor);
        int bias = spec.bias() ? f.weights().offset(f.tensor + 1) : 0;
        for (int r = 0; r < w; r++) {
            for (int i = 0; i < length; i++) {
                int at = table + index(f, i, r) * spec.outputs();
                for (int o = 0; o < spec.outputs(); o++) {
                    f.out[(o * length + i) * w + r] = flat[at + o] + (spec.bias() ? flat[bias + o] : 0f);
                }
            }
        }
    }

    @Override
    void backward(Frame f) {
        if (f.dIn[0] != null) {
            throw new IllegalStateException("a network whose inputs are indices to be looked up has no input gradient");
        }
        if (f.gradients == null) {
            return;
        }
        float[] table = new float[spec.vocabulary() * spec.outputs()];
        float[] bias = new float[spec.outputs()];
        for (int r = 0; r < f.valid; r++) {
            for (int i = 0; i < length; i++) {
                int at = index(f, i, r) * spec.outputs();
                for (int o = 0; o < spec.outputs(); o++) {
                    float d = f.dOut[(o * length + i) * f.width + r];
                    table[at + o] += d;
                    bias[o] += d;
                }
            }
        }
        f.gradients.add(f.tensor, table);
        if (spec.bias()) {
            f.gradients.add(f.tensor + 1, bias);
        }
    }

    @Override
    void addSquaredNorms(Frame f, double[] norms) {
        double[] row = new double[spec.outputs()];
        double[] bias = new double[spec.outputs()];
        for (int r = 0; r < f.valid; r++) {
            Arrays.fill(bias, 0);
            for (int i = 0; i < length; i++) {
                int index = index(f, i, r);
                boolean seen = false;
                for (int before = 0; before < i; before++) {
                    seen |= index(f, before, r) == index;
                }
                Arrays.fill(row, 0);
                for (int k = i; k < length; k++) {
                    boolean same = !seen && index(f, k, r) == index;
                    for (int o = 0; o < spec.outputs(); o++) {
                        double d = f.dOut[(o * length + k) * f.width + r];
                        row[o] += same ? d : 0;
                        bias[o] += k == i ? d : 0;
                    }
                }
                for (double v : row) {
                    norms[r] += v * v;
                }
            }
            for (double v : bias) {
                norms[r] += spec.bias() ? v * v : 0;
            }
        }
    }
}
