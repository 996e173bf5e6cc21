// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Maximum, average or sum over a window; padding never wins a maximum. The gradient of a tie goes to the first tap. */
final class PoolOp extends Op {
    private final boolean max;
    private final boolean average;
    private final boolean countPadding;
    private final int channels;
    private final int height;
    private final int width;
    private final Window k;
    private final int outHeight;
    private final int outWidth;

    PoolOp(
            LayerSpec.Reduction reduction,
            boolean countPadding,
            int channels,
            int height,
            int width,
            Window k,
            boolean oneDimensional) {
        super(
                oneDimensional
                        ? Shape.of(channels, k.outputWidth(width))
                        : Shape.of(channels, k.outputHeight(height), k.outputWidth(width)));
        this.max = reduction == LayerSpec.Reduction.MAX;
        this.average = reduction == LayerSpec.Reduction.AVERAGE;
        this.countPadding = countPadding;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.k = k;
        this.outHeight = k.outputHeight(height);
        this.outWidth = k.outputWidth(width);
    }

    /** Reads the tap (ky, kx) of one output row; outside is {@code pad}. */
    private boolean tap(float[] x, int c, int oy, int ky, int kx, int w, float[] to, float pad) {
        int iy = oy * k.strideY() - k.top() + ky * k.dilationY();
        if (iy < 0 || iy >= height) {
            return false;
        }
        int base = (c * height + iy) * width;
        for (int ox = 0; ox < outWidth; ox++) {
            int ix = ox * k.strideX() - k.left() + kx * k.dilationX();
            if (ix < 0 || ix >= width) {
                Arrays.fill(to, ox * w, ox * w + w, pad);
            } else {
                System.arraycopy(x, (base + ix) * w, to, ox * w, w);
            }
        }
        return true;
    }

    /** Inverse number of cells that the average of an output position is over. */
    private float weight(int oy, int ox) {
        if (countPadding) {
            return 1f / (k.height() * k.width());
        }
        int rows = 0;
        for (int ky = 0; ky < k.height(); ky++) {
            int iy = oy * k.strideY() - k.top() + ky * k.dilationY();
            rows += iy >= 0 && iy < height ? 1 : 0;
        }
        int columns = 0;
        for (int kx = 0; kx < k.width(); kx++) {
            int ix = ox * k.strideX() - k.left() + kx * k.dilationX();
            columns += ix >= 0 && ix < width ? 1 : 0;
        }
        return rows * columns == 0 ? 0f : 1f / (rows * columns);
    }

    /** One row by itself: copies of single floats would take longer than looking at each window. */
    private void forwardOne(float[] x, float[] y) {
        int at = 0;
        for (int c = 0; c < channels; c++) {
            for (int oy = 0; oy < outHeight; oy++) {
                int top = oy * k.strideY() - k.top();
                for (int ox = 0; ox < outWidth; ox++) {
                    int left = ox * k.strideX() - k.left();
                    float value = max ? Float.NEGATIVE_INFINITY : 0f;
                    for (int ky = 0; ky < k.height(); ky++) {
                        int iy = top + ky * k.dilationY();
                        if (iy < 0 || iy >= height) {
                            continue;
                        }
                        int line = (c * height + iy) * width + left;
                        for (int kx = 0; kx < k.width(); kx++) {
                            int dx = kx * k.dilationX();
                            if (left + dx >= 0 && left + dx < width) {
                                value = max ? Math.max(value, x[line + dx]) : value + x[line + dx];
                            }
                        }
                    }
                    y[at++] = average ? value * weight(oy, ox) : value;
                }
            }
        }
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        if (w == 1) {
            forwardOne(f.in[0], f.out);
            return;
        }
        int line = outWidth * w;
        float[] t = f.arena.take(line);
        float[] m = f.arena.take(line);
        for (int c = 0; c < channels; c++) {
            for (int oy = 0; oy < outHeight; oy++) {
                Arrays.fill(m, 0, line, max ? Float.NEGATIVE_INFINITY : 0f);
                for (int ky = 0; ky < k.height(); ky++) {
                    for (int kx = 0; kx < k.width(); kx++) {
                        if (!tap(f.in[0], c, oy, ky, kx, w, t, max ? Float.NEGATIVE_INFINITY : 0f)) {
                            continue;
                        }
                        if (max) {
                            Lanes.max(m, t, line);
                        } else {
                            Lanes.add(m, t, 0, line);
                        }
                    }
                }
                if (average) {
                    scale(m, oy, w);
                }
                System.arraycopy(m, 0, f.out, (c * outHeight + oy) * line, line);
            }
        }
        f.arena.give(m);
        f.arena.give(t);
    }

    private void backwardOne(Frame f, float[] dx) {
        int at = 0;
        for (int c = 0; c < channels; c++) {
            for (int oy = 0; oy < outHeight; oy++) {
                for (int ox = 0; ox < outWidth; ox++, at++) {
                    float d = average ? f.dOut[at] * weight(oy, ox) : f.dOut[at];
                    spreadOne(f.in[0], dx, c, oy, ox, f.out[at], d);
                }
            }
        }
    }

    private void spreadOne(float[] x, float[] dx, int c, int oy, int ox, float value, float d) {
        int left = ox * k.strideX() - k.left();
        for (int ky = 0; ky < k.height(); ky++) {
            int iy = oy * k.strideY() - k.top() + ky * k.dilationY();
            if (iy < 0 || iy >= height) {
                continue;
            }
            int line = (c * height + iy) * width + left;
            for (int kx = 0; kx < k.width(); kx++) {
                int step = kx * k.dilationX();
                if (left + step < 0 || left + step >= width || max && x[line + step] != value) {
                    continue;
                }
                dx[line + step] += d;
                if (max) {
                    return;
                }
            }
        }
    }

    private void scale(float[] m, int oy, int w) {
        for (int ox = 0; ox < outWidth; ox++) {
            Lanes.scale(m, ox * w, ox * w + w, weight(oy, ox));
        }
    }

    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        if (dx == null) {
            return;
        }
        int w = f.width;
        int line = outWidth * w;
        Lanes.zero(dx, channels * height * width * w);
        if (w == 1) {
            backwardOne(f, dx);
            return;
        }
        float[] t = f.arena.take(line);
        float[] m = f.arena.take(line);
        float[] rest = f.arena.take(line);
        float[] s = f.arena.take(line);
        for (int c = 0; c < channels; c++) {
            for (int oy = 0; oy < outHeight; oy++) {
                int at = (c * outHeight + oy) * line;
                System.arraycopy(f.dOut, at, rest, 0, line);
                if (max) {
                    System.arraycopy(f.out, at, m, 0, line);
                } else if (average) {
                    scale(rest, oy, w);
                }
                for (int ky = 0; ky < k.height(); ky++) {
                    for (int kx = 0; kx < k.width(); kx++) {
                        if (!max) {
                            scatter(dx, c, oy, ky, kx, w, rest);
                        } else if (tap(f.in[0], c, oy, ky, kx, w, t, -Float.MAX_VALUE)) {
                            Lanes.select(s, rest, t, m, line);
                            Lanes.subtract(rest, s, line);
                            scatter(dx, c, oy, ky, kx, w, s);
                        }
                    }
                }
            }
        }
        f.arena.give(s);
        f.arena.give(rest);
        f.arena.give(m);
        f.arena.give(t);
    }

    private void scatter(float[] dx, int c, int oy, int ky, int kx, int w, float[] from) {
        int iy = oy * k.strideY() - k.top() + ky * k.dilationY();
        if (iy < 0 || iy >= height) {
            return;
        }
        boolean apart = k.strideX() >= (k.width() - 1) * k.dilationX() + 1
                && k.strideY() >= (k.height() - 1) * k.dilationY() + 1;
        int base = (c * height + iy) * width;
        for (int ox = 0; ox < outWidth; ox++) {
            int ix = ox * k.strideX() - k.left() + kx * k.dilationX();
            if (ix < 0 || ix >= width) {
                continue;
            }
            int to = (base + ix) * w;
            if (apart) {
                System.arraycopy(from, ox * w, dx, to, w);
            } else {
                for (int j = 0; j < w; j++) {
                    dx[to + j] += from[ox * w + j];
                }
            }
        }
    }
}
