// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import org.jspecify.annotations.Nullable;

/** An activation on its own. Scalar functions and their derivatives are computed in double. */
final class ActivationOp extends Op {
    private static final double SELU_LAMBDA = 1.0507009873554804934193349852946;
    private static final double SELU_ALPHA = 1.6732632423543772848170429916717;
    private static final double GELU_SCALE = Math.sqrt(2 / Math.PI);
    private static final double GELU_FAST = 1.702;

    private final Activation activation;
    private final int size;

    ActivationOp(Activation activation, Shape shape) {
        super(shape);
        this.activation = activation;
        this.size = shape.size();
    }

    @Override
    boolean isIdentity() {
        return activation.kind() == Activation.Kind.IDENTITY;
    }

    @Override
    void forward(Frame f) {
        float[] x = f.in[0];
        float[] y = f.out;
        int n = size * f.width;
        switch (activation.kind()) {
            case RELU -> {
                for (int j = 0; j < n; j++) {
                    y[j] = Math.max(x[j], 0f);
                }
            }
            case SOFTMAX -> softmax(f);
            default -> {
                for (int j = 0; j < n; j++) {
                    y[j] = (float) value(x[j]);
                }
            }
        }
    }

    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        if (dx == null) {
            return;
        }
        float[] x = f.in[0];
        float[] d = f.dOut;
        int n = size * f.width;
        switch (activation.kind()) {
            case RELU -> {
                Lanes.reluGate(d, f.out, n);
                System.arraycopy(d, 0, dx, 0, n);
            }
            case SOFTMAX -> softmaxBackward(f, dx);
            default -> {
                for (int j = 0; j < n; j++) {
                    dx[j] = (float) (d[j] * derivative(x[j]));
                }
            }
        }
    }

    private double value(double x) {
        double a = activation.parameter();
        return switch (activation.kind()) {
            case IDENTITY, SOFTMAX -> x;
            case RELU -> Math.max(x, 0);
            case RELU6 -> Math.min(Math.max(x, 0), 6);
            case LEAKY_RELU -> x > 0 ? x : a * x;
            case THRESHOLDED_RELU -> x > a ? x : 0 * x;
            case FLOOR -> Math.max(x, a);
            case ELU -> x > 0 ? x : a * Math.expm1(x);
            case SELU -> SELU_LAMBDA * (x > 0 ? x : SELU_ALPHA * Math.expm1(x));
            case GELU -> 0.5 * x * (1 + tanh(GELU_SCALE * (x + a * x * x * x)));
            case FAST_GELU -> x * sigmoid(GELU_FAST * x);
            case SWISH -> x * sigmoid(x);
            case MISH -> x * tanh(softplus(x));
            case SIGMOID -> sigmoid(x);
            case HARD_SIGMOID -> Math.min(Math.max(0.2 * x + 0.5, 0), 1);
            case TANH -> tanh(x);
            case HARD_TANH -> Math.min(Math.max(x, -1), 1);
            case RATIONAL_TANH -> rationalTanh(x);
            case RECTIFIED_TANH -> Math.max(tanh(x), 0);
            case SOFT_SIGN -> x / (1 + Math.abs(x));
            case SOFT_PLUS -> softplus(x);
            case CUBE -> x * x * x;
        };
    }

    private double derivative(double x) {
        double a = activation.parameter();
        return switch (activation.kind()) {
            case IDENTITY, SOFTMAX -> 1;
            case RELU -> x > 0 ? 1 : 0;
            case RELU6 -> x > 0 && x < 6 ? 1 : 0;
            case LEAKY_RELU -> x > 0 ? 1 : a;
            case THRESHOLDED_RELU -> x > a ? 1 : 0;
            case FLOOR -> x > a ? 1 : 0;
            case ELU -> x > 0 ? 1 : a * Math.exp(x);
            case SELU -> SELU_LAMBDA * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x));
            case GELU -> {
                double t = tanh(GELU_SCALE * (x + a * x * x * x));
                yield 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_SCALE * (1 + 3 * a * x * x);
            }
            case FAST_GELU -> {
                double s = sigmoid(GELU_FAST * x);
                yield s + GELU_FAST * x * s * (1 - s);
            }
            case SWISH -> {
                double s = sigmoid(x);
                yield s + x * s * (1 - s);
            }
            case MISH -> {
                double t = tanh(softplus(x));
                yield t + x * (1 - t * t) * sigmoid(x);
            }
            case SIGMOID -> sigmoid(x) * (1 - sigmoid(x));
            case HARD_SIGMOID -> x > -2.5 && x < 2.5 ? 0.2 : 0;
            case TANH -> 1 - tanh(x) * tanh(x);
            case HARD_TANH -> x > -1 && x < 1 ? 1 : 0;
            case RATIONAL_TANH -> rationalTanhDerivative(x);
            case RECTIFIED_TANH -> x > 0 ? 1 - tanh(x) * tanh(x) : 0;
            case SOFT_SIGN -> 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x)));
            case SOFT_PLUS -> sigmoid(x);
            case CUBE -> 3 * x * x;
        };
    }

    private static double sigmoid(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    /** Math.tanh is ten times slower; this is exact to 1e-12, more than a float holds. */
    private static double tanh(double x) {
        if (Math.abs(x) < 1e-4) {
            return x;
        }
        double e = Math.exp(-2 * Math.abs(x));
        return Math.copySign((1 - e) / (1 + e), x);
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double rationalTanh(double x) {
        double a = Math.abs(2 * x / 3);
        return 1.7159 * Math.signum(x) * (1 - 1 / (1 + a + a * a + 1.41645 * a * a * a * a));
    }

    private static double rationalTanhDerivative(double x) {
        double a = Math.abs(2 * x / 3);
        double q = 1 + a + a * a + 1.41645 * a * a * a * a;
        return 1.7159 * 2 / 3 * (1 + 2 * a + 4 * 1.41645 * a * a * a) / (q * q);
    }

    private void softmax(Frame f) {
        int w = f.width;
        int channels = output().dimension(0);
        int columns = size / channels * w;
        for (int j = 0; j < columns; j++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < channels; c++) {
                max = Math.max(max, f.in[0][c * columns + j]);
            }
            double sum = 0;
            for (int c = 0; c < channels; c++) {
                sum += Math.exp(f.in[0][c * columns + j] - max);
            }
            for (int c = 0; c < channels; c++) {
                f.out[c * columns + j] = (float) (Math.exp(f.in[0][c * columns + j] - max) / sum);
            }
        }
    }

    private void softmaxBackward(Frame f, float[] dx) {
        int channels = output().dimension(0);
        int columns = size / channels * f.width;
        for (int j = 0; j < columns; j++) {
            double dot = 0;
            for (int c = 0; c < channels; c++) {
                dot += (double) f.dOut[c * columns + j] * f.out[c * columns + j];
            }
            for (int c = 0; c < channels; c++) {
                int i = c * columns + j;
                dx[i] = (float) (f.out[i] * (f.dOut[i] - dot));
            }
        }
    }
}
