// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/** Inputs of equal shape combined value by value. */
final class CombineOp extends Op {
    private final LayerSpec.Combine.Kind kind;
    private final int count;
    private final int size;

    CombineOp(LayerSpec.Combine.Kind kind, Shape[] inputs) {
        super(inputs[0]);
        this.kind = kind;
        this.count = inputs.length;
        this.size = inputs[0].size();
        for (Shape s : inputs) {
            if (!s.equals(inputs[0])) {
                throw new IllegalArgumentException("inputs must be of one shape, were " + inputs[0] + " and " + s);
            }
        }
        if (kind == LayerSpec.Combine.Kind.SUBTRACT && count != 2) {
            throw new IllegalArgumentException("inputs of a difference must be 2, were " + count);
        }
    }

    @Override
    void forward(Frame f) {
        int n = size * f.width;
        float[] y = f.out;
        System.arraycopy(f.in[0], 0, y, 0, n);
        for (int i = 1; i < count; i++) {
            float[] x = f.in[i];
            switch (kind) {
                case ADD, AVERAGE -> Lanes.add(y, x, 0, n);
                case SUBTRACT -> Lanes.subtract(y, x, n);
                case PRODUCT -> Lanes.multiply(y, x, n);
                case MAX -> Lanes.max(y, x, n);
            }
        }
        if (kind == LayerSpec.Combine.Kind.AVERAGE) {
            Lanes.scale(y, 0, n, 1f / count);
        }
    }

    @Override
    void backward(Frame f) {
        int n = size * f.width;
        float[] d = f.dOut;
        for (int i = 0; i < count; i++) {
            float[] dx = f.dIn[i];
            if (dx == null) {
                continue;
            }
            System.arraycopy(d, 0, dx, 0, n);
            switch (kind) {
                case ADD -> {}
                case AVERAGE -> Lanes.scale(dx, 0, n, 1f / count);
                case SUBTRACT -> Lanes.scale(dx, 0, n, i == 0 ? 1f : -1f);
                case PRODUCT -> {
                    for (int k = 0; k < count; k++) {
                        if (k != i) {
                            Lanes.multiply(dx, f.in[k], n);
                        }
                    }
                }
                case MAX -> keepFirstLargest(f, i, dx, n);
            }
        }
    }

    private static void keepFirstLargest(Frame f, int input, float[] dx, int n) {
        for (int j = 0; j < n; j++) {
            boolean first = f.in[input][j] == f.out[j];
            for (int k = 0; k < input; k++) {
                first &= f.in[k][j] != f.out[j];
            }
            dx[j] = first ? dx[j] : 0f;
        }
    }
}
