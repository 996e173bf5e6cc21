// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.FeedForward.Plane;
import dev.aisec.core.model.FeedForward.Window;
import dev.aisec.core.model.Shape;
import java.util.Arrays;

/** A convolution layer. */
final class ConvolutionStep extends AffineStep {
    private final Window window;
    private final Plane in;
    private final Plane out;
    private final int groups;
    private final int taps;
    /** Outputs × taps, where a tap is a channel of the group and a place in the window. */
    private final double[][] weights;

    ConvolutionStep(FeedForward.Convolution convolution, Shape in, Shape out) {
        super(in.size(), spread(convolution.bias(), out), taps(convolution));
        this.window = convolution.window();
        this.in = Plane.of(in);
        this.out = Plane.of(out);
        this.groups = convolution.groups();
        this.taps = taps(convolution);
        float[] flat = convolution.weights();
        weights = new double[this.out.channels()][taps];
        for (int o = 0; o < weights.length; o++) {
            for (int t = 0; t < taps; t++) {
                weights[o][t] = flat[o * taps + t];
            }
        }
    }

    private static int taps(FeedForward.Convolution c) {
        return c.inputs() / c.groups() * c.window().height() * c.window().width();
    }

    private static double[] spread(float[] bias, Shape out) {
        int plane = out.size() / bias.length;
        double[] all = new double[out.size()];
        Arrays.setAll(all, i -> bias[i / plane]);
        return all;
    }

    int groups() {
        return groups;
    }

    int paddedHeight() {
        return in.height() + window.top() + window.bottom();
    }

    int paddedWidth() {
        return in.width() + window.left() + window.right();
    }

    /** Rows of the smaller side of {@link #spectrum}. */
    int spectrumSide() {
        return 2 * Math.min(in.channels(), out.channels()) / groups;
    }

    /**
     * The matrix that a convolution of the padded image, closed to a torus, is at a frequency: Σ_k w_k exp(2πi f·k / size),
     * as real matrix [[Re, −Im], [Im, Re]] of the same singular values, or its transpose if that has fewer rows.
     */
    double[][] spectrum(int group, int fy, int fx) {
        int m = out.channels() / groups;
        int n = in.channels() / groups;
        boolean tall = m > n;
        double[][] matrix = new double[2 * Math.min(m, n)][2 * Math.max(m, n)];
        int area = window.height() * window.width();
        double[] cos = new double[area];
        double[] sin = new double[area];
        for (int t = 0; t < area; t++) {
            // Reduced as whole numbers, so that the angle is as exact as a double can be.
            long y = (long) fy * (t / window.width()) * window.dilationY() % paddedHeight();
            long x = (long) fx * (t % window.width()) * window.dilationX() % paddedWidth();
            double turns = (double) y / paddedHeight() + (double) x / paddedWidth();
            cos[t] = Math.cos(2 * Math.PI * turns);
            sin[t] = Math.sin(2 * Math.PI * turns);
        }
        for (int o = 0; o < m; o++) {
            double[] w = weights[group * m + o];
            for (int c = 0; c < n; c++) {
                double re = 0;
                double im = 0;
                for (int t = 0; t < area; t++) {
                    re += w[c * area + t] * cos[t];
                    im += w[c * area + t] * sin[t];
                }
                int i = tall ? c : o;
                int j = tall ? o : c;
                int rows = matrix.length / 2;
                int columns = matrix[0].length / 2;
                matrix[i][j] = re;
                matrix[rows + i][columns + j] = re;
                matrix[i][columns + j] = tall ? im : -im;
                matrix[rows + i][j] = tall ? -im : im;
            }
        }
        return matrix;
    }

    /** A bound of the Frobenius norm of what rounding changes in {@link #spectrum}. */
    double spectrumError(int group) {
        int m = out.channels() / groups;
        int area = window.height() * window.width();
        double square = 0;
        for (int o = group * m; o < (group + 1) * m; o++) {
            for (int from = 0; from < taps; from += area) {
                double sum = 0;
                for (int t = from; t < from + area; t++) {
                    sum += Math.abs(weights[o][t]);
                }
                square += sum * sum;
            }
        }
        // The angle, below 4π, is off by less than 1e-14, and the factor of each weight by as much.
        return Math.sqrt(2 * square) * (1.5e-14 + Rounding.slack(area));
    }

    @Override
    void apply(double[] x, double[] y) {
        convolve(x, y, false, false);
    }

    @Override
    void applyAbsolute(double[] x, double[] y) {
        convolve(x, y, true, false);
    }

    @Override
    void applyTransposed(double[] y, double[] x) {
        convolve(x, y, false, true);
    }

    @Override
    void applyAbsoluteTransposed(double[] y, double[] x) {
        convolve(x, y, true, true);
    }

    private void convolve(double[] x, double[] y, boolean absolute, boolean transposed) {
        int outputsOfGroup = out.channels() / groups;
        for (int o = 0; o < out.channels(); o++) {
            for (int t = 0; t < taps; t++) {
                double w = absolute ? Math.abs(weights[o][t]) : weights[o][t];
                if (w != 0) {
                    tap(o / outputsOfGroup, t, o, w, x, y, transposed);
                }
            }
        }
    }

    /** First output whose tap at this offset lies inside. */
    private static int first(int offset, int stride) {
        return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
    }

    /** Output behind the last whose tap at this offset lies inside. */
    private static int end(int offset, int stride, int length, int outputs) {
        int room = length - 1 - offset;
        return room < 0 ? 0 : Math.min(outputs, room / stride + 1);
    }

    /** Adds w times the input under a tap to the outputs, or w times the outputs to the input. */
    private void tap(int group, int t, int o, double w, double[] x, double[] y, boolean transposed) {
        int kx = t % window.width();
        int ky = t / window.width() % window.height();
        int channel = group * (in.channels() / groups) + t / (window.width() * window.height());
        int dy = ky * window.dilationY() - window.top();
        int dx = kx * window.dilationX() - window.left();
        int sx = window.strideX();
        int firstX = first(dx, sx);
        int endX = end(dx, sx, in.width(), out.width());
        int endY = end(dy, window.strideY(), in.height(), out.height());
        for (int oy = first(dy, window.strideY()); oy < endY; oy++) {
            int from = (channel * in.height() + oy * window.strideY() + dy) * in.width() + dx;
            int to = (o * out.height() + oy) * out.width();
            if (transposed) {
                for (int ox = firstX; ox < endX; ox++) {
                    x[from + ox * sx] += w * y[to + ox];
                }
            } else {
                for (int ox = firstX; ox < endX; ox++) {
                    y[to + ox] += w * x[from + ox * sx];
                }
            }
        }
    }

    /**
     * The transposed convolution as a product: for each tap the weighted sum of the output planes, which is then added where
     * the tap points. Planes and sums are arrays of their own, so that the product's loops run over one index; planes that
     * are 0 are left out, and so are the margins that are 0 in all.
     */
    @Override
    void multiply(double[][] a, int rows, double[][] result) {
        int plane = out.height() * out.width();
        double[][] planes = new double[out.channels()][plane];
        double[] sum = new double[plane];
        int outputsOfGroup = out.channels() / groups;
        int[] used = new int[outputsOfGroup];
        for (int r = 0; r < rows; r++) {
            Arrays.fill(result[r], 0, inputs, 0);
            for (int g = 0; g < groups; g++) {
                int count = 0;
                int from = plane;
                int to = 0;
                for (int o = g * outputsOfGroup; o < (g + 1) * outputsOfGroup; o++) {
                    int base = o * plane;
                    int low = 0;
                    while (low < plane && a[r][base + low] == 0) {
                        low++;
                    }
                    if (low == plane) {
                        continue;
                    }
                    int high = plane;
                    while (a[r][base + high - 1] == 0) {
                        high--;
                    }
                    from = Math.min(from, low);
                    to = Math.max(to, high);
                    System.arraycopy(a[r], base, planes[o], 0, plane);
                    used[count++] = o;
                }
                if (count > 0) {
                    for (int t = 0; t < taps; t++) {
                        combine(planes, used, count, t, from, to, sum);
                        scatter(g, t, from, to, sum, result[r]);
                    }
                }
            }
        }
    }

    private void combine(double[][] planes, int[] used, int count, int tap, int from, int to, double[] sum) {
        int k = 0;
        for (; k + 3 < count; k += 4) {
            double w0 = weights[used[k]][tap];
            double w1 = weights[used[k + 1]][tap];
            double w2 = weights[used[k + 2]][tap];
            double w3 = weights[used[k + 3]][tap];
            double[] p0 = planes[used[k]];
            double[] p1 = planes[used[k + 1]];
            double[] p2 = planes[used[k + 2]];
            double[] p3 = planes[used[k + 3]];
            if (k == 0) {
                for (int i = from; i < to; i++) {
                    sum[i] = (w0 * p0[i] + w1 * p1[i]) + (w2 * p2[i] + w3 * p3[i]);
                }
            } else {
                for (int i = from; i < to; i++) {
                    sum[i] += (w0 * p0[i] + w1 * p1[i]) + (w2 * p2[i] + w3 * p3[i]);
                }
            }
        }
        if (k == 0) {
            Arrays.fill(sum, from, to, 0);
        }
        for (; k < count; k++) {
            double w = weights[used[k]][tap];
            double[] p = planes[used[k]];
            for (int i = from; i < to; i++) {
                sum[i] += w * p[i];
            }
        }
    }

    private void scatter(int group, int t, int fromCell, int toCell, double[] sum, double[] x) {
        int kx = t % window.width();
        int ky = t / window.width() % window.height();
        int channel = group * (in.channels() / groups) + t / (window.width() * window.height());
        int dy = ky * window.dilationY() - window.top();
        int dx = kx * window.dilationX() - window.left();
        int sx = window.strideX();
        int firstX = first(dx, sx);
        int endX = end(dx, sx, in.width(), out.width());
        int firstY = Math.max(first(dy, window.strideY()), fromCell / out.width());
        int endY = Math.min(
                end(dy, window.strideY(), in.height(), out.height()), (toCell + out.width() - 1) / out.width());
        for (int oy = firstY; oy < endY; oy++) {
            int to = (channel * in.height() + oy * window.strideY() + dy) * in.width() + dx;
            int row = oy * out.width();
            int last = Math.min(endX, toCell - row);
            for (int ox = Math.max(firstX, fromCell - row); ox < last; ox++) {
                x[to + ox * sx] += sum[row + ox];
            }
        }
    }
}
