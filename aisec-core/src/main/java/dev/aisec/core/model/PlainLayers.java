// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.model.FeedForward.Plane;
import dev.aisec.core.model.FeedForward.Window;

/** The layers of {@link FeedForward} on one example, in double. */
final class PlainLayers {
    private PlainLayers() {}

    /** Writes the layer's values at x into y, which is 0 before. */
    static void forward(FeedForward.Layer layer, Shape in, Shape out, double[] x, double[] y) {
        if (layer instanceof FeedForward.Dense d) {
            for (int o = 0; o < y.length; o++) {
                double sum = d.sharedBias()[o];
                for (int i = 0; i < x.length; i++) {
                    sum += d.sharedWeights()[o * x.length + i] * x[i];
                }
                y[o] = sum;
            }
        } else if (layer instanceof FeedForward.Convolution c) {
            float[] bias = c.sharedBias();
            int plane = y.length / bias.length;
            for (int i = 0; i < y.length; i++) {
                y[i] = bias[i / plane];
            }
            convolve(c, Plane.of(in), Plane.of(out), x, y, false);
        } else if (layer instanceof FeedForward.Relu r) {
            for (int i = 0; i < x.length; i++) {
                y[i] = x[i] > 0 ? x[i] : r.slope() * x[i];
            }
        } else if (layer instanceof FeedForward.AveragePooling p) {
            pool(p.window(), p.countPadding(), Plane.of(in), Plane.of(out), x, x, y, false);
        } else if (layer instanceof FeedForward.MaxPooling p) {
            pool(p.window(), null, Plane.of(in), Plane.of(out), x, x, y, false);
        } else {
            System.arraycopy(x, 0, y, 0, x.length);
        }
    }

    /** Adds to dx, which is 0 before, the gradient at x for the cotangent dy. */
    static void backward(FeedForward.Layer layer, Shape in, Shape out, double[] x, double[] dy, double[] dx) {
        if (layer instanceof FeedForward.Dense d) {
            for (int o = 0; o < dy.length; o++) {
                for (int i = 0; i < dx.length; i++) {
                    dx[i] += d.sharedWeights()[o * dx.length + i] * dy[o];
                }
            }
        } else if (layer instanceof FeedForward.Convolution c) {
            convolve(c, Plane.of(in), Plane.of(out), dx, dy, true);
        } else if (layer instanceof FeedForward.Relu r) {
            for (int i = 0; i < x.length; i++) {
                dx[i] = x[i] > 0 ? dy[i] : r.slope() * dy[i];
            }
        } else if (layer instanceof FeedForward.AveragePooling p) {
            pool(p.window(), p.countPadding(), Plane.of(in), Plane.of(out), x, dx, dy, true);
        } else if (layer instanceof FeedForward.MaxPooling p) {
            pool(p.window(), null, Plane.of(in), Plane.of(out), x, dx, dy, true);
        } else {
            System.arraycopy(dy, 0, dx, 0, dx.length);
        }
    }

    /** y += W x, or, transposed, x += Wᵀ y. */
    private static void convolve(
            FeedForward.Convolution c, Plane in, Plane out, double[] x, double[] y, boolean transposed) {
        Window k = c.window();
        float[] weights = c.sharedWeights();
        int each = in.channels() / c.groups();
        int at = 0;
        for (int o = 0; o < out.channels(); o++) {
            int group = o / (out.channels() / c.groups());
            for (int i = group * each; i < (group + 1) * each; i++) {
                for (int ky = 0; ky < k.height(); ky++) {
                    for (int kx = 0; kx < k.width(); kx++) {
                        double w = weights[at++];
                        for (int oy = 0; oy < out.height(); oy++) {
                            int iy = oy * k.strideY() - k.top() + ky * k.dilationY();
                            if (iy < 0 || iy >= in.height()) {
                                continue;
                            }
                            int from = (i * in.height() + iy) * in.width();
                            int to = (o * out.height() + oy) * out.width();
                            for (int ox = 0; ox < out.width(); ox++) {
                                int ix = ox * k.strideX() - k.left() + kx * k.dilationX();
                                if (ix < 0 || ix >= in.width()) {
                                    continue;
                                }
                                if (transposed) {
                                    x[from + ix] += w * y[to + ox];
                                } else {
                                    y[to + ox] += w * x[from + ix];
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /** The mean, or the maximum if {@code countPadding} is null, of {@code x}; transposed, {@code other} gets what y has. */
    private static void pool(
            Window k,
            @org.jspecify.annotations.Nullable Boolean countPadding,
            Plane in,
            Plane out,
            double[] x,
            double[] other,
            double[] y,
            boolean transposed) {
        int[] taps = new int[k.height() * k.width()];
        int at = 0;
        for (int c = 0; c < in.channels(); c++) {
            int from = c * in.height() * in.width();
            for (int oy = 0; oy < out.height(); oy++) {
                for (int ox = 0; ox < out.width(); ox++, at++) {
                    int count = k.taps(oy, ox, in.height(), in.width(), taps);
                    if (countPadding == null) {
                        int best = from + taps[0];
                        for (int t = 1; t < count; t++) {
                            best = x[from + taps[t]] > x[best] ? from + taps[t] : best;
                        }
                        if (transposed) {
                            other[best] += y[at];
                        } else {
                            y[at] = x[best];
                        }
                        continue;
                    }
                    double share = 1.0 / (countPadding ? taps.length : Math.max(1, count));
                    for (int t = 0; t < count; t++) {
                        if (transposed) {
                            other[from + taps[t]] += share * y[at];
                        } else {
                            y[at] += share * other[from + taps[t]];
                        }
                    }
                }
            }
        }
    }
}
