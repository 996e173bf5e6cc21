// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/** y = W x + b, with W as outputs × inputs; a ReLU may be fused. */
final class DenseOp extends Op {
    private final int inputs;
    private final int outputs;
    private final boolean bias;
    private final boolean relu;

    DenseOp(int inputs, int outputs, boolean bias, boolean relu) {
        super(Shape.of(outputs));
        this.inputs = inputs;
        this.outputs = outputs;
        this.bias = bias;
        this.relu = relu;
    }

    @Override
    List<TensorSpec> tensors() {
        List<TensorSpec> list = new ArrayList<>();
        list.add(TensorSpec.weight("weight", Shape.of(outputs, inputs)));
        if (bias) {
            list.add(TensorSpec.vector("bias", Shape.of(outputs)));
        }
        return list;
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        Native x = f.scratch(0, inputs * w);
        Native y = f.scratch(1, outputs * w);
        x.buffer.put(0, f.in[0], 0, inputs * w);
        if (w == 1) {
            Blas.gemv(false, outputs, inputs, f.weight(0), inputs, x.pointer, 0f, y.pointer);
        } else {
            Blas.gemm(false, false, outputs, w, inputs, f.weight(0), inputs, x.pointer, w, 0f, y.pointer, w);
        }
        y.buffer.get(0, f.out, 0, outputs * w);
        float[] flat = f.weights().flat;
        int b = bias ? f.weights().offset(f.tensor + 1) : 0;
        for (int o = 0; o < outputs; o++) {
            float v = bias ? flat[b + o] : 0f;
            if (relu) {
                Lanes.addBiasRelu(f.out, o * w, o * w + w, v);
            } else if (bias) {
                Lanes.addBias(f.out, o * w, o * w + w, v);
            }
        }
    }

    @Override
    void backward(Frame f) {
        int w = f.width;
        if (relu) {
            Lanes.reluGate(f.dOut, f.out, outputs * w);
        }
        Native dy = f.scratch(1, outputs * w);
        dy.buffer.put(0, f.dOut, 0, outputs * w);
        Native x = f.scratch(0, inputs * w);
        Gradients g = f.gradients;
        if (g != null) {
            x.buffer.put(0, f.in[0], 0, inputs * w);
            FloatPointer dw = g.pointer(f.tensor, 0);
            Blas.gemm(false, true, outputs, inputs, w, dy.pointer, w, x.pointer, w, g.beta(f.tensor, 0), dw, inputs);
            if (bias) {
                float beta = g.beta(f.tensor + 1, 0);
                Blas.gemv(false, outputs, w, dy.pointer, w, f.ones(w).pointer, beta, g.pointer(f.tensor + 1, 0));
            }
        }
        float @Nullable [] dx = f.dIn[0];
        if (dx != null) {
            if (w == 1) {
                Blas.gemv(true, outputs, inputs, f.weight(0), inputs, dy.pointer, 0f, x.pointer);
            } else {
                Blas.gemm(true, false, inputs, w, outputs, f.weight(0), inputs, dy.pointer, w, 0f, x.pointer, w);
            }
            x.buffer.get(0, dx, 0, inputs * w);
        }
    }

    /** ‖δ aᵀ‖² = ‖δ‖² ‖a‖² (Goodfellow, Efficient Per-Example Gradient Computations, arXiv:1510.01799, 2015). */
    @Override
    void addSquaredNorms(Frame f, double[] norms) {
        int w = f.width;
        if (relu) {
            Lanes.reluGate(f.dOut, f.out, outputs * w);
        }
        for (int r = 0; r < f.valid; r++) {
            double a = bias ? 1 : 0;
            for (int i = 0; i < inputs; i++) {
                double v = f.in[0][i * w + r];
                a += v * v;
            }
            double d = 0;
            for (int o = 0; o < outputs; o++) {
                double v = f.dOut[o * w + r];
                d += v * v;
            }
            norms[r] += a * d;
        }
    }
}
