// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import org.jspecify.annotations.Nullable;

/** y = x · t^−β with t = k + α Σ x² over neighbouring channels. */
final class LocalResponseOp extends Op {
    private final LayerSpec.LocalResponse spec;
    private final int channels;
    private final int positions;
    private final int half;

    LocalResponseOp(LayerSpec.LocalResponse spec, Shape in) {
        super(in);
        this.spec = spec;
        this.channels = in.dimension(0);
        this.positions = in.size() / channels;
        this.half = spec.channels() / 2;
    }

    @Override
    void forward(Frame f) {
        int n = positions * f.width;
        float[] x = f.in[0];
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int c = 0; c < Math.min(half, channels); c++) {
                sum += square(x[c * n + j]);
            }
            for (int c = 0; c < channels; c++) {
                if (c + half < channels) {
                    sum += square(x[(c + half) * n + j]);
                }
                if (c - half - 1 >= 0) {
                    sum -= square(x[(c - half - 1) * n + j]);
                }
                // Taking squares away may leave a little less than nothing.
                f.out[c * n + j] = (float) (x[c * n + j] * power(spec.k() + spec.alpha() * Math.max(0, sum)));
            }
        }
    }

    /** dx = d t^−β − 2 α β x · Σ over the neighbours i of d_i x_i t_i^(−β−1). */
    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        if (dx == null) {
            return;
        }
        int n = positions * f.width;
        float[] x = f.in[0];
        double[] t = new double[channels];
        double[] part = new double[channels];
        for (int j = 0; j < n; j++) {
            for (int c = 0; c < channels; c++) {
                double sum = 0;
                for (int i = Math.max(0, c - half); i <= Math.min(channels - 1, c + half); i++) {
                    sum += square(x[i * n + j]);
                }
                t[c] = spec.k() + spec.alpha() * sum;
                part[c] = (double) f.dOut[c * n + j] * x[c * n + j] * power(t[c]) / t[c];
            }
            for (int c = 0; c < channels; c++) {
                double sum = 0;
                for (int i = Math.max(0, c - half); i <= Math.min(channels - 1, c + half); i++) {
                    sum += part[i];
                }
                dx[c * n + j] =
                        (float) (f.dOut[c * n + j] * power(t[c]) - 2 * spec.alpha() * spec.beta() * x[c * n + j] * sum);
            }
        }
    }

    private static double square(double v) {
        return v * v;
    }

    private double power(double t) {
        // The usual exponent by roots: five times faster.
        return spec.beta() == 0.75 ? 1 / Math.sqrt(t * Math.sqrt(t)) : Math.pow(t, -spec.beta());
    }
}
