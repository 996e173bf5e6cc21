// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Batch normalisation of each channel, by running statistics or by those of the batch. Sums are in double. */
final class BatchNormOp extends Op implements Op.Mixing {
    private final LayerSpec.BatchNorm spec;
    private final int channels;
    private final int positions;
    private final boolean training;

    BatchNormOp(LayerSpec.BatchNorm spec, Shape in, boolean training) {
        super(in);
        this.spec = spec;
        this.channels = in.dimension(0);
        this.positions = in.size() / channels;
        this.training = training;
    }

    @Override
    List<TensorSpec> tensors() {
        Shape shape = Shape.of(channels);
        TensorSpec mean = TensorSpec.statistic("mean", shape);
        TensorSpec variance = TensorSpec.statistic("variance", shape);
        return spec.affine()
                ? List.of(TensorSpec.vector("gamma", shape), TensorSpec.vector("beta", shape), mean, variance)
                : List.of(mean, variance);
    }

    @Override
    public boolean isMixing() {
        return training;
    }

    private double gamma(Frame f, int c) {
        return spec.affine() ? f.weights().flat[f.weights().offset(f.tensor) + c] : spec.gamma();
    }

    private double beta(Frame f, int c) {
        return spec.affine() ? f.weights().flat[f.weights().offset(f.tensor + 1) + c] : spec.beta();
    }

    private double mean(Frame f, int c) {
        return training
                ? statistics(f)[c]
                : f.weights().flat[f.weights().offset(f.tensor + (spec.affine() ? 2 : 0)) + c];
    }

    private double inverseDeviation(Frame f, int c) {
        double variance = training
                ? statistics(f)[channels + c]
                : f.weights().flat[f.weights().offset(f.tensor + (spec.affine() ? 3 : 1)) + c];
        return 1 / Math.sqrt(variance + spec.epsilon());
    }

    private static double[] statistics(Frame f) {
        if (f.statistics == null) {
            throw new IllegalStateException("no statistics of the batch");
        }
        return f.statistics[f.op];
    }

    @Override
    void forward(Frame f) {
        int plane = positions * f.width;
        for (int c = 0; c < channels; c++) {
            double scale = gamma(f, c) * inverseDeviation(f, c);
            Lanes.affine(f.out, f.in[0], c * plane, c * plane + plane, (float) scale, (float)
                    (beta(f, c) - scale * mean(f, c)));
        }
    }

    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        int plane = positions * f.width;
        if (!training) {
            addInferenceGradients(f);
        }
        if (dx == null) {
            return;
        }
        for (int c = 0; c < channels; c++) {
            double inverse = inverseDeviation(f, c);
            double scale = gamma(f, c) * inverse;
            if (!training) {
                Lanes.affine(dx, f.dOut, c * plane, c * plane + plane, (float) scale, 0f);
                continue;
            }
            // dx = scale · (d − mean(d) − x̂ · mean(d x̂)), and x̂ = (x − mean) · inverse.
            if (f.backStatistics == null) {
                throw new IllegalStateException("no sums of the batch");
            }
            double[] sums = f.backStatistics[f.op];
            double byX = -scale * sums[channels + c] * inverse;
            double constant = -scale * sums[c] - byX * mean(f, c);
            Lanes.affine(
                    dx, f.dOut, f.in[0], c * plane, c * plane + plane, (float) scale, (float) byX, (float) constant);
            zeroPadding(f, dx, c * plane, plane);
        }
    }

    /** Cotangents of padding rows are 0, also where the batch's mean has been taken from them. */
    private static void zeroPadding(Frame f, float[] dx, int from, int length) {
        if (f.valid == f.width) {
            return;
        }
        for (int j = from; j < from + length; j += f.width) {
            for (int r = f.valid; r < f.width; r++) {
                dx[j + r] = 0f;
            }
        }
    }

    private void addInferenceGradients(Frame f) {
        Gradients g = f.gradients;
        if (g == null || !spec.affine()) {
            return;
        }
        double[] sums = new double[2 * channels];
        gatherBackward(f, sums);
        addGradients(sums, f.tensor, g);
    }

    @Override
    public int sums() {
        return 2 * channels;
    }

    /** Per channel Σ (x − m) and Σ (x − m)², with the running mean as m so that the squares do not cancel. */
    @Override
    public void gather(Frame f, double[] sums) {
        int mean = f.weights().offset(f.tensor + (spec.affine() ? 2 : 0));
        for (int c = 0; c < channels; c++) {
            double shift = f.weights().flat[mean + c];
            double a = 0;
            double b = 0;
            for (int i = c * positions; i < (c + 1) * positions; i++) {
                for (int j = i * f.width; j < i * f.width + f.valid; j++) {
                    double v = f.in[0][j] - shift;
                    a += v;
                    b += v * v;
                }
            }
            sums[c] += a;
            sums[channels + c] += b;
        }
    }

    @Override
    public void finish(double[] sums, int rows, float[] flat, int offset) {
        double n = (double) rows * positions;
        int mean = offset + (spec.affine() ? 2 * channels : 0);
        for (int c = 0; c < channels; c++) {
            double a = sums[c] / n;
            sums[channels + c] = Math.max(0, sums[channels + c] / n - a * a);
            sums[c] = a + flat[mean + c];
        }
    }

    /** Per channel Σ d and Σ d x̂. */
    @Override
    public void gatherBackward(Frame f, double[] sums) {
        for (int c = 0; c < channels; c++) {
            double m = mean(f, c);
            double a = 0;
            double b = 0;
            for (int i = c * positions; i < (c + 1) * positions; i++) {
                for (int j = i * f.width; j < i * f.width + f.valid; j++) {
                    double d = f.dOut[j];
                    a += d;
                    b += d * (f.in[0][j] - m);
                }
            }
            sums[c] += a;
            sums[channels + c] += b * inverseDeviation(f, c);
        }
    }

    @Override
    public void average(double[] sums, int rows) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= (double) rows * positions;
        }
    }

    @Override
    public void addGradients(double[] sums, int firstTensor, Gradients gradients) {
        if (!spec.affine()) {
            return;
        }
        float[] gamma = new float[channels];
        float[] beta = new float[channels];
        for (int c = 0; c < channels; c++) {
            gamma[c] = (float) sums[channels + c];
            beta[c] = (float) sums[c];
        }
        gradients.add(firstTensor, gamma);
        gradients.add(firstTensor + 1, beta);
    }

    @Override
    public void updateRunning(double[] statistics, float[] flat, int offset) {
        int mean = offset + (spec.affine() ? 2 * channels : 0);
        for (int c = 0; c < 2 * channels; c++) {
            flat[mean + c] = (float) (spec.decay() * flat[mean + c] + (1 - spec.decay()) * statistics[c]);
        }
    }
}
