// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Convolution over (channels, height, width): a band of output rows at a time is lowered to columns (im2col) and
 * multiplied by W, outputs × (channels of a group · height · width of the window). A ReLU may be fused. One-dimensional
 * convolution has height 1.
 */
final class ConvOp extends Op {
    /** Floats of the lowered operand that stay in a second-level cache. */
    private static final int BAND = 192 * 1024;

    private final int channels;
    private final int height;
    private final int width;
    private final Window k;
    private final int outputs;
    private final int outHeight;
    private final int outWidth;
    private final int groups;
    private final boolean bias;
    private final boolean relu;
    private final int taps;

    ConvOp(int channels, int height, int width, Window k, int outputs, int groups, boolean bias, boolean relu) {
        this(channels, height, width, k, outputs, groups, bias, relu, false);
    }

    ConvOp(
            int channels,
            int height,
            int width,
            Window k,
            int outputs,
            int groups,
            boolean bias,
            boolean relu,
            boolean oneDimensional) {
        super(
                oneDimensional
                        ? Shape.of(outputs, k.outputWidth(width))
                        : Shape.of(outputs, k.outputHeight(height), k.outputWidth(width)));
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.k = k;
        this.outputs = outputs;
        this.outHeight = k.outputHeight(height);
        this.outWidth = k.outputWidth(width);
        this.groups = groups;
        this.bias = bias;
        this.relu = relu;
        this.taps = channels / groups * k.height() * k.width();
    }

    @Override
    List<TensorSpec> tensors() {
        List<TensorSpec> list = new ArrayList<>();
        if (bias) {
            list.add(TensorSpec.vector("bias", Shape.of(outputs)));
        }
        list.add(new TensorSpec(
                "weight", Shape.of(outputs, channels / groups, k.height(), k.width()), groups, TensorSpec.Kind.WEIGHT));
        return list;
    }

    private int weightTensor(Frame f) {
        return f.tensor + (bias ? 1 : 0);
    }

    private int bandRows(int w) {
        return (int) Math.max(1, Math.min(outHeight, BAND / ((long) taps * outWidth * w)));
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        int rows = bandRows(w);
        int band = rows * outWidth * w;
        Native columns = f.scratch(0, taps * band);
        Native result = f.scratch(1, outputs * band);
        int plane = outHeight * outWidth * w;
        int b = bias ? f.weights().offset(f.tensor) : 0;
        for (int y0 = 0; y0 < outHeight; y0 += rows) {
            int r = Math.min(rows, outHeight - y0);
            int p = r * outWidth * w;
            for (int g = 0; g < groups; g++) {
                lower(f, f.in[0], g, y0, r, w, columns);
                result.pointer.position((long) g * (outputs / groups) * p);
                Blas.gemm(
                        false,
                        false,
                        outputs / groups,
                        p,
                        taps,
                        f.weights().pointer(weightTensor(f), g),
                        taps,
                        columns.pointer,
                        p,
                        0f,
                        result.pointer,
                        p);
            }
            result.pointer.position(0);
            for (int c = 0; c < outputs; c++) {
                int at = c * plane + y0 * outWidth * w;
                result.buffer.get(c * p, f.out, at, p);
                float v = bias ? f.weights().flat[b + c] : 0f;
                if (relu) {
                    Lanes.addBiasRelu(f.out, at, at + p, v);
                } else if (bias) {
                    Lanes.addBias(f.out, at, at + p, v);
                }
            }
        }
    }

    @Override
    void backward(Frame f) {
        int w = f.width;
        int plane = outHeight * outWidth * w;
        if (relu) {
            Lanes.reluGate(f.dOut, f.out, outputs * plane);
        }
        float @Nullable [] dx = f.dIn[0];
        Gradients gradients = f.gradients;
        int rows = bandRows(w);
        int band = rows * outWidth * w;
        Native columns = f.scratch(0, taps * band);
        Native delta = f.scratch(1, outputs * band);
        float[] t = new float[0];
        if (dx != null) {
            t = f.arena.take(channels * height * width * w);
            Lanes.zero(dx, channels * height * width * w);
        }
        for (int y0 = 0; y0 < outHeight; y0 += rows) {
            int r = Math.min(rows, outHeight - y0);
            int p = r * outWidth * w;
            for (int c = 0; c < outputs; c++) {
                delta.buffer.put(c * p, f.dOut, c * plane + y0 * outWidth * w, p);
            }
            if (gradients != null && bias) {
                Blas.gemv(
                        false,
                        outputs,
                        p,
                        delta.pointer,
                        p,
                        f.ones(p).pointer,
                        gradients.beta(f.tensor, 0),
                        gradients.pointer(f.tensor, 0));
            }
            for (int g = 0; g < groups; g++) {
                delta.pointer.position((long) g * (outputs / groups) * p);
                if (gradients != null) {
                    lower(f, f.in[0], g, y0, r, w, columns);
                    Blas.gemm(
                            false,
                            true,
                            outputs / groups,
                            taps,
                            p,
                            delta.pointer,
                            p,
                            columns.pointer,
                            p,
                            gradients.beta(weightTensor(f), g),
                            gradients.pointer(weightTensor(f), g),
                            taps);
                }
                if (dx != null) {
                    Blas.gemm(
                            true,
                            false,
                            taps,
                            p,
                            outputs / groups,
                            f.weights().pointer(weightTensor(f), g),
                            taps,
                            delta.pointer,
                            p,
                            0f,
                            columns.pointer,
                            p);
                    raise(f, dx, t, g, y0, r, w, columns);
                }
            }
            delta.pointer.position(0);
        }
        if (dx != null) {
            f.arena.give(t);
        }
    }

    /**
     * Each row's squared weight gradient: of the product Δ Aᵀ of deltas and lowered input, or, with few positions, as the sum
     * over pairs of positions of (ΔᵀΔ) ∘ (AᵀA), which does not need the gradient (Rochette et al., arXiv:1912.06015; Bu et
     * al., NeurIPS 2022, mixed ghost clipping).
     */
    @Override
    void addSquaredNorms(Frame f, double[] norms) {
        int w = f.width;
        int positions = outHeight * outWidth;
        if (relu) {
            Lanes.reluGate(f.dOut, f.out, outputs * positions * w);
        }
        int perGroup = outputs / groups;
        boolean pairs = bandRows(1) == outHeight && (long) positions * (taps + perGroup) < (long) taps * perGroup;
        int inputSize = channels * height * width;
        float[] x = f.arena.take(inputSize);
        float[] d = f.arena.take(outputs * positions);
        for (int row = 0; row < f.valid; row++) {
            for (int i = 0; i < inputSize; i++) {
                x[i] = f.in[0][i * w + row];
            }
            for (int i = 0; i < outputs * positions; i++) {
                d[i] = f.dOut[i * w + row];
            }
            norms[row] += bias ? squaredBiasNorm(d, positions) : 0;
            norms[row] += pairs ? squaredNormByPairs(f, x, d, positions) : squaredNormByGradient(f, x, d, positions);
        }
        f.arena.give(d);
        f.arena.give(x);
    }

    private double squaredBiasNorm(float[] d, int positions) {
        double norm = 0;
        for (int c = 0; c < outputs; c++) {
            double sum = 0;
            for (int i = c * positions; i < (c + 1) * positions; i++) {
                sum += d[i];
            }
            norm += sum * sum;
        }
        return norm;
    }

    private double squaredNormByPairs(Frame f, float[] x, float[] d, int p) {
        int perGroup = outputs / groups;
        int square = p * p;
        Native columns = f.scratch(0, taps * p);
        Native delta = f.scratch(1, outputs * p);
        Native products = f.scratch(2, 2 * square);
        float[] flat = f.arena.take(2 * square);
        delta.buffer.put(0, d, 0, outputs * p);
        double norm = 0;
        for (int g = 0; g < groups; g++) {
            lower(f, x, g, 0, outHeight, 1, columns);
            Blas.gemm(true, false, p, p, taps, columns.pointer, p, columns.pointer, p, 0f, products.pointer, p);
            delta.pointer.position((long) g * perGroup * p);
            products.pointer.position(square);
            Blas.gemm(true, false, p, p, perGroup, delta.pointer, p, delta.pointer, p, 0f, products.pointer, p);
            delta.pointer.position(0);
            products.pointer.position(0);
            products.buffer.get(0, flat, 0, 2 * square);
            for (int i = 0; i < square; i++) {
                norm += (double) flat[i] * flat[square + i];
            }
        }
        f.arena.give(flat);
        // A sum of products may fall below 0 by rounding.
        return Math.max(0, norm);
    }

    private double squaredNormByGradient(Frame f, float[] x, float[] d, int positions) {
        int perGroup = outputs / groups;
        int rows = bandRows(1);
        Native columns = f.scratch(0, taps * rows * outWidth);
        Native delta = f.scratch(1, outputs * rows * outWidth);
        Native dw = f.scratch(2, outputs * taps);
        for (int y0 = 0; y0 < outHeight; y0 += rows) {
            int r = Math.min(rows, outHeight - y0);
            int p = r * outWidth;
            for (int c = 0; c < outputs; c++) {
                delta.buffer.put(c * p, d, c * positions + y0 * outWidth, p);
            }
            float beta = y0 == 0 ? 0f : 1f;
            for (int g = 0; g < groups; g++) {
                lower(f, x, g, y0, r, 1, columns);
                delta.pointer.position((long) g * perGroup * p);
                dw.pointer.position((long) g * perGroup * taps);
                Blas.gemm(false, true, perGroup, taps, p, delta.pointer, p, columns.pointer, p, beta, dw.pointer, taps);
            }
            delta.pointer.position(0);
            dw.pointer.position(0);
        }
        float[] flat = f.arena.take(outputs * taps);
        dw.buffer.get(0, flat, 0, outputs * taps);
        double norm = 0;
        for (int i = 0; i < outputs * taps; i++) {
            norm += (double) flat[i] * flat[i];
        }
        f.arena.give(flat);
        return norm;
    }

    /** First output column whose input column is inside, for the tap at kx. */
    private int firstColumn(int kx) {
        int start = k.left() - kx * k.dilationX();
        return start <= 0 ? 0 : Math.min(outWidth, (start + k.strideX() - 1) / k.strideX());
    }

    /** Output column after the last whose input column is inside. */
    private int endColumn(int kx) {
        int last = width - 1 + k.left() - kx * k.dilationX();
        return last < 0 ? 0 : Math.min(outWidth, last / k.strideX() + 1);
    }

    /** Lines shorter than this are put together on the heap first: a copy off the heap has a fixed price. */
    private static final int SHORT_LINE = 64;

    /** The same as {@link #lower}, through the heap. */
    private void lowerShort(float[] x, int group, int y0, int rows, int w, Native columns, float[] t) {
        int line = outWidth * w;
        int perGroup = channels / groups;
        int perChannel = k.height() * k.width() * rows * line;
        int step = k.strideX() * w;
        for (int i = 0; i < perGroup; i++) {
            int c = group * perGroup + i;
            int to = 0;
            for (int ky = 0; ky < k.height(); ky++) {
                for (int kx = 0; kx < k.width(); kx++) {
                    int lo = firstColumn(kx) * w;
                    int hi = Math.max(lo, endColumn(kx) * w);
                    int shift = kx * k.dilationX() - k.left();
                    for (int y = 0; y < rows; y++, to += line) {
                        int iy = (y0 + y) * k.strideY() - k.top() + ky * k.dilationY();
                        if (iy < 0 || iy >= height || hi - lo < line) {
                            java.util.Arrays.fill(t, to, to + line, 0f);
                        }
                        if (iy < 0 || iy >= height) {
                            continue;
                        }
                        int from = ((c * height + iy) * width + shift) * w + lo / w * step;
                        if (k.strideX() == 1) {
                            System.arraycopy(x, from, t, to + lo, hi - lo);
                        } else {
                            for (int j = lo; j < hi; j += w, from += step) {
                                for (int r = 0; r < w; r++) {
                                    t[to + j + r] = x[from + r];
                                }
                            }
                        }
                    }
                }
            }
            columns.buffer.put(i * perChannel, t, 0, perChannel);
        }
    }

    private void lower(Frame f, float[] x, int group, int y0, int rows, int w, Native columns) {
        if (outWidth * w < SHORT_LINE) {
            float[] t = f.arena.take(k.height() * k.width() * rows * outWidth * w);
            lowerShort(x, group, y0, rows, w, columns, t);
            f.arena.give(t);
        } else {
            lower(x, group, y0, rows, w, columns);
        }
    }

    private void lower(float[] x, int group, int y0, int rows, int w, Native columns) {
        int band = rows * outWidth * w;
        int line = outWidth * w;
        int perGroup = channels / groups;
        int row = 0;
        for (int c = group * perGroup; c < (group + 1) * perGroup; c++) {
            for (int ky = 0; ky < k.height(); ky++) {
                for (int kx = 0; kx < k.width(); kx++, row++) {
                    int lo = firstColumn(kx);
                    int hi = Math.max(lo, endColumn(kx));
                    for (int y = 0; y < rows; y++) {
                        int iy = (y0 + y) * k.strideY() - k.top() + ky * k.dilationY();
                        int to = row * band + y * line;
                        if (iy < 0 || iy >= height || lo >= hi) {
                            zero(columns, to, line);
                            continue;
                        }
                        if (lo > 0) {
                            zero(columns, to, lo * w);
                        }
                        int from = ((c * height + iy) * width + lo * k.strideX() - k.left() + kx * k.dilationX()) * w;
                        if (k.strideX() == 1) {
                            columns.buffer.put(to + lo * w, x, from, (hi - lo) * w);
                        } else {
                            for (int ox = lo; ox < hi; ox++, from += k.strideX() * w) {
                                columns.buffer.put(to + ox * w, x, from, w);
                            }
                        }
                        if (hi < outWidth) {
                            zero(columns, to + hi * w, (outWidth - hi) * w);
                        }
                    }
                }
            }
        }
    }

    /** The same as {@link #raise}, through the heap. */
    private void raiseShort(float[] dx, int group, int y0, int rows, int w, Native columns, float[] t) {
        int line = outWidth * w;
        int perGroup = channels / groups;
        int perChannel = k.height() * k.width() * rows * line;
        int step = k.strideX() * w;
        for (int i = 0; i < perGroup; i++) {
            int c = group * perGroup + i;
            columns.buffer.get(i * perChannel, t, 0, perChannel);
            int from = 0;
            for (int ky = 0; ky < k.height(); ky++) {
                for (int kx = 0; kx < k.width(); kx++) {
                    int lo = firstColumn(kx) * w;
                    int hi = endColumn(kx) * w;
                    int shift = kx * k.dilationX() - k.left();
                    for (int y = 0; y < rows; y++, from += line) {
                        int iy = (y0 + y) * k.strideY() - k.top() + ky * k.dilationY();
                        if (iy < 0 || iy >= height) {
                            continue;
                        }
                        int to = ((c * height + iy) * width + shift) * w + lo / w * step;
                        for (int j = lo; j < hi; j += w, to += step) {
                            for (int r = 0; r < w; r++) {
                                dx[to + r] += t[from + j + r];
                            }
                        }
                    }
                }
            }
        }
    }

    private void raise(Frame f, float[] dx, float[] t, int group, int y0, int rows, int w, Native columns) {
        if (outWidth * w < SHORT_LINE) {
            float[] staged = f.arena.take(k.height() * k.width() * rows * outWidth * w);
            raiseShort(dx, group, y0, rows, w, columns, staged);
            f.arena.give(staged);
        } else {
            raise(dx, t, group, y0, rows, w, columns);
        }
    }

    /** The transpose of {@link #lower}: adds columns to the input's gradient; t is as large as dx. */
    private void raise(float[] dx, float[] t, int group, int y0, int rows, int w, Native columns) {
        int band = rows * outWidth * w;
        int line = outWidth * w;
        int perGroup = channels / groups;
        int row = 0;
        for (int c = group * perGroup; c < (group + 1) * perGroup; c++) {
            for (int ky = 0; ky < k.height(); ky++) {
                for (int kx = 0; kx < k.width(); kx++, row++) {
                    int lo = firstColumn(kx);
                    int hi = endColumn(kx);
                    for (int y = 0; y < rows; y++) {
                        int iy = (y0 + y) * k.strideY() - k.top() + ky * k.dilationY();
                        if (iy < 0 || iy >= height || lo >= hi) {
                            continue;
                        }
                        int from = row * band + y * line + lo * w;
                        int to = ((c * height + iy) * width + lo * k.strideX() - k.left() + kx * k.dilationX()) * w;
                        // Read to the place where it is added, so that the loop has one index.
                        if (k.strideX() == 1) {
                            columns.buffer.get(from, t, to, (hi - lo) * w);
                            Lanes.add(dx, t, to, to + (hi - lo) * w);
                        } else {
                            for (int ox = lo; ox < hi; ox++, to += k.strideX() * w, from += w) {
                                columns.buffer.get(from, t, to, w);
                                Lanes.add(dx, t, to, to + w);
                            }
                        }
                    }
                }
            }
        }
    }

    private static final float[] ZEROS = new float[4096];

    private static void zero(Native columns, int from, int length) {
        for (int i = 0; i < length; i += ZEROS.length) {
            columns.buffer.put(from + i, ZEROS, 0, Math.min(ZEROS.length, length - i));
        }
    }
}
