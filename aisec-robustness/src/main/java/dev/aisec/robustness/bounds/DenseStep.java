// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import java.util.Arrays;

/** A dense layer. Rows of W are arrays of their own, so that all loops over them run over one index. */
final class DenseStep extends AffineStep {
    private final double[][] weights;

    DenseStep(FeedForward.Dense dense) {
        super(dense.inputs(), widen(dense.bias()), dense.inputs());
        float[] flat = dense.weights();
        weights = new double[outputs][inputs];
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                weights[o][i] = flat[o * inputs + i];
            }
        }
    }

    static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }

    @Override
    void apply(double[] x, double[] y) {
        for (int o = 0; o < outputs; o++) {
            double[] w = weights[o];
            // Four sums, since each addition would wait for the one before.
            double s0 = 0;
            double s1 = 0;
            double s2 = 0;
            double s3 = 0;
            int i = 0;
            for (; i + 3 < inputs; i += 4) {
                s0 += w[i] * x[i];
                s1 += w[i + 1] * x[i + 1];
                s2 += w[i + 2] * x[i + 2];
                s3 += w[i + 3] * x[i + 3];
            }
            for (; i < inputs; i++) {
                s0 += w[i] * x[i];
            }
            y[o] += (s0 + s1) + (s2 + s3);
        }
    }

    @Override
    void applyAbsolute(double[] x, double[] y) {
        for (int o = 0; o < outputs; o++) {
            double[] w = weights[o];
            double s0 = 0;
            double s1 = 0;
            double s2 = 0;
            double s3 = 0;
            int i = 0;
            for (; i + 3 < inputs; i += 4) {
                s0 += Math.abs(w[i]) * x[i];
                s1 += Math.abs(w[i + 1]) * x[i + 1];
                s2 += Math.abs(w[i + 2]) * x[i + 2];
                s3 += Math.abs(w[i + 3]) * x[i + 3];
            }
            for (; i < inputs; i++) {
                s0 += Math.abs(w[i]) * x[i];
            }
            y[o] += (s0 + s1) + (s2 + s3);
        }
    }

    @Override
    void applyTransposed(double[] y, double[] x) {
        for (int o = 0; o < outputs; o++) {
            if (y[o] != 0) {
                add(y[o], weights[o], x, inputs);
            }
        }
    }

    @Override
    void applyAbsoluteTransposed(double[] y, double[] x) {
        for (int o = 0; o < outputs; o++) {
            double[] w = weights[o];
            double f = y[o];
            for (int i = 0; i < inputs; i++) {
                x[i] += f * Math.abs(w[i]);
            }
        }
    }

    @Override
    void multiply(double[][] a, int rows, double[][] out) {
        for (int r = 0; r < rows; r++) {
            Arrays.fill(out[r], 0, inputs, 0);
        }
        int o = 0;
        for (; o + 3 < outputs; o += 4) {
            for (int r = 0; r < rows; r++) {
                double[] y = a[r];
                if (y[o] != 0 || y[o + 1] != 0 || y[o + 2] != 0 || y[o + 3] != 0) {
                    addFour(y, o, weights, out[r], inputs);
                }
            }
        }
        for (; o < outputs; o++) {
            for (int r = 0; r < rows; r++) {
                if (a[r][o] != 0) {
                    add(a[r][o], weights[o], out[r], inputs);
                }
            }
        }
    }

    private static void addFour(double[] y, int o, double[][] weights, double[] x, int n) {
        double f0 = y[o];
        double f1 = y[o + 1];
        double f2 = y[o + 2];
        double f3 = y[o + 3];
        double[] w0 = weights[o];
        double[] w1 = weights[o + 1];
        double[] w2 = weights[o + 2];
        double[] w3 = weights[o + 3];
        for (int i = 0; i < n; i++) {
            x[i] += (f0 * w0[i] + f1 * w1[i]) + (f2 * w2[i] + f3 * w3[i]);
        }
    }

    private static void add(double f, double[] w, double[] x, int n) {
        for (int i = 0; i < n; i++) {
            x[i] += f * w[i];
        }
    }
}
