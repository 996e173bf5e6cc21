// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** The largest singular value of an affine layer, from below and from above. */
final class SpectralNorm {
    /** Largest side of a Gram matrix. */
    private static final int SIDE = 512;
    /** Frequencies × side³ that are worth a tight bound: some seconds. */
    private static final double WORK = 1e9;
    /** Squarings: the n-th root that is left of the Frobenius norm is below 1.002 then, for a side of 512. */
    private static final int SQUARINGS = 10;
    /** Pays for the handful of operations beside the long sums, in relative terms. */
    private static final double UP = 1 + 1e-12;

    private SpectralNorm() {}

    /** ‖W v‖ / ‖v‖ after power iteration: at most the norm, in exact arithmetic, and close to it. */
    static double estimate(AffineStep step, int iterations) {
        RandomGenerator random = new Seed(0).generator(0);
        double[] v = new double[step.inputs];
        for (int i = 0; i < v.length; i++) {
            v[i] = random.nextGaussian();
        }
        double best = 0;
        for (int k = 0; k < iterations; k++) {
            double length = length(v);
            if (!(length > 0)) {
                break;
            }
            for (int i = 0; i < v.length; i++) {
                v[i] /= length;
            }
            double[] image = new double[step.outputs];
            step.apply(v, image);
            best = Math.max(best, length(image));
            Arrays.fill(v, 0);
            step.applyTransposed(image, v);
        }
        return best * (1 - 1e-9);
    }

    private static double length(double[] v) {
        double sum = 0;
        for (double x : v) {
            sum += x * x;
        }
        return Math.sqrt(sum);
    }

    /** The least of the bounds that can be had: √(‖W‖₁ ‖W‖∞), the Gram bound of W, and that of a convolution's spectrum. */
    static double upper(AffineStep step) {
        double bound = holder(step);
        if (Math.min(step.inputs, step.outputs) <= SIDE) {
            return Math.min(bound, gram(matrix(step)));
        }
        return step instanceof ConvolutionStep c ? Math.min(bound, fourier(c)) : bound;
    }

    /**
     * A convolution is a part of the rows and columns of the same convolution on a torus of the padded size, whose singular
     * values are those of its kernel's matrix at each frequency (Sedghi, Gupta, Long, The Singular Values of Convolutional
     * Layers, ICLR 2019).
     */
    private static double fourier(ConvolutionStep c) {
        // A frequency and its opposite have the same singular values.
        int rows = c.paddedHeight() / 2 + 1;
        double side = c.spectrumSide();
        if (side > SIDE || (double) c.groups() * rows * c.paddedWidth() * side * side * side > WORK) {
            return Double.POSITIVE_INFINITY;
        }
        double best = 0;
        for (int g = 0; g < c.groups(); g++) {
            double error = c.spectrumError(g);
            for (int fy = 0; fy < rows; fy++) {
                Progress.checkInterrupted();
                for (int fx = 0; fx < c.paddedWidth(); fx++) {
                    double[][] k = c.spectrum(g, fy, fx);
                    // The Frobenius norm counts each singular value twice, and is at least the largest times √2.
                    double most = Math.sqrt(frobeniusSquared(k) / 2) * UP;
                    if (most + error > best) {
                        best = Math.max(best, Math.min(most, gram(k)) + error);
                    }
                }
            }
        }
        return best * UP;
    }

    /** √(‖W‖₁ ‖W‖∞), rounded up. */
    private static double holder(AffineStep step) {
        double[] ones = new double[Math.max(step.inputs, step.outputs)];
        Arrays.fill(ones, 1);
        double[] rows = new double[step.outputs];
        double[] columns = new double[step.inputs];
        step.applyAbsolute(ones, rows);
        step.applyAbsoluteTransposed(ones, columns);
        double rounding = (1 + Rounding.slack(step.inputs)) * (1 + Rounding.slack(step.outputs)) * UP;
        return Math.sqrt(Arrays.stream(rows).max().orElse(0)
                        * Arrays.stream(columns).max().orElse(0))
                * rounding;
    }

    /** W, or its transpose if that has fewer rows. */
    private static double[][] matrix(AffineStep step) {
        boolean tall = step.outputs > step.inputs;
        double[][] rows = new double[Math.min(step.inputs, step.outputs)][Math.max(step.inputs, step.outputs)];
        for (int i = 0; i < rows.length; i++) {
            double[] unit = new double[rows.length];
            unit[i] = 1;
            if (tall) {
                step.apply(unit, rows[i]);
            } else {
                step.applyTransposed(unit, rows[i]);
            }
        }
        return rows;
    }

    /**
     * ‖(A Aᵀ)^(2^k)‖_F^(1 / 2^(k + 1)), rounded up (Gram iteration; Delattre, Barthélemy, Araujo, Allauzen, Efficient Bound
     * of Lipschitz Constant for Convolutional Layers by Gram Iteration, ICML 2023). Each product is off by a matrix of
     * Frobenius norm at most γ ‖left‖_F ‖right‖_F, which the spectral norm of the next power is off by at most.
     */
    private static double gram(double[][] a) {
        double[][] g = squared(a);
        double square = frobeniusSquared(a);
        double error = Rounding.slack(a[0].length) * square * UP;
        double[] scales = new double[SQUARINGS];
        double[] errors = new double[SQUARINGS];
        for (int k = 0; k < SQUARINGS; k++) {
            double size = Math.sqrt(frobeniusSquared(g));
            if (!(size > 0 && size < Rounding.LARGEST)) {
                return size == 0 ? Math.sqrt(error + Rounding.TINY) * UP : Double.POSITIVE_INFINITY;
            }
            // A power of two, so that dividing by it rounds nothing.
            scales[k] = Math.scalb(1.0, Math.getExponent(size));
            for (double[] row : g) {
                for (int j = 0; j < row.length; j++) {
                    row[j] /= scales[k];
                }
            }
            errors[k] = Rounding.slack(g.length) * frobeniusSquared(g) * UP + Rounding.TINY;
            g = squared(g);
        }
        double norm = Math.sqrt(frobeniusSquared(g)) * (1 + Rounding.slack(g.length * g.length)) * UP;
        for (int k = SQUARINGS - 1; k >= 0; k--) {
            norm = scales[k] * Math.sqrt(norm + errors[k]) * UP;
        }
        return Math.sqrt(norm + error + Rounding.TINY) * UP;
    }

    private static double frobeniusSquared(double[][] a) {
        double sum = 0;
        for (double[] row : a) {
            for (double v : row) {
                sum += v * v;
            }
        }
        return sum * (1 + Rounding.slack(a.length * a[0].length));
    }

    /** A Aᵀ, exactly symmetric. */
    private static double[][] squared(double[][] a) {
        int n = a.length;
        double[][] g = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double v = dot(a[i], a[j]);
                g[i][j] = v;
                g[j][i] = v;
            }
        }
        return g;
    }

    private static double dot(double[] a, double[] b) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < a.length; i += 4) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < a.length; i++) {
            s0 += a[i] * b[i];
        }
        return (s0 + s1) + (s2 + s3);
    }
}
