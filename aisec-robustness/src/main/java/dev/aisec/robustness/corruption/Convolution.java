// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import java.util.Arrays;

/** Convolution of planes of pixels; beyond the border the nearest pixel is repeated. Holds scratch memory: one thread. */
final class Convolution {
    private final int height;
    private final int width;
    private final float[] plane;
    private float[] padded = new float[0];

    Convolution(int height, int width) {
        this.height = height;
        this.width = width;
        plane = new float[height * width];
    }

    /** exp(−d²/2σ²), cut at 4σ, of sum 1; σ in pixels. */
    static float[] gaussian(double sigma) {
        int reach = (int) Math.ceil(4 * sigma);
        double[] kernel = new double[2 * reach + 1];
        double sum = 0;
        for (int d = -reach; d <= reach; d++) {
            kernel[reach + d] = d == 0 ? 1 : Math.exp(-d * (double) d / (2 * sigma * sigma));
            sum += kernel[reach + d];
        }
        float[] normalised = new float[kernel.length];
        for (int i = 0; i < kernel.length; i++) {
            normalised[i] = (float) (kernel[i] / sum);
        }
        return normalised;
    }

    /** Along rows, then along columns, in place. */
    void separable(float[] kernel, float[] values, int at) {
        if (kernel.length == 1) {
            return;
        }
        int reach = kernel.length / 2;
        float[] line = buffer(width + 2 * reach);
        Arrays.fill(plane, 0);
        for (int y = 0; y < height; y++) {
            int from = at + y * width;
            Arrays.fill(line, 0, reach, values[from]);
            System.arraycopy(values, from, line, reach, width);
            Arrays.fill(line, reach + width, width + 2 * reach, values[from + width - 1]);
            for (int d = 0; d < kernel.length; d++) {
                add(kernel[d], line, d, plane, y * width);
            }
        }
        Arrays.fill(values, at, at + plane.length, 0);
        for (int y = 0; y < height; y++) {
            for (int d = -reach; d <= reach; d++) {
                int from = Math.min(Math.max(y + d, 0), height - 1);
                add(kernel[reach + d], plane, from * width, values, at + y * width);
            }
        }
    }

    /** With a kernel of points, in place. */
    void sparse(Points kernel, float[] values, int at) {
        int reach = kernel.reach;
        int stride = width + 2 * reach;
        float[] source = buffer(stride * (height + 2 * reach));
        for (int y = -reach; y < height + reach; y++) {
            int from = at + Math.min(Math.max(y, 0), height - 1) * width;
            int to = (y + reach) * stride;
            Arrays.fill(source, to, to + reach, values[from]);
            System.arraycopy(values, from, source, to + reach, width);
            Arrays.fill(source, to + reach + width, to + stride, values[from + width - 1]);
        }
        Arrays.fill(values, at, at + plane.length, 0);
        for (int k = 0; k < kernel.weights.length; k++) {
            for (int y = 0; y < height; y++) {
                int from = (y + reach + kernel.dy[k]) * stride + reach + kernel.dx[k];
                add(kernel.weights[k], source, from, values, at + y * width);
            }
        }
    }

    private void add(float factor, float[] from, int start, float[] to, int at) {
        for (int x = 0; x < width; x++) {
            to[at + x] += factor * from[start + x];
        }
    }

    private float[] buffer(int length) {
        if (padded.length < length) {
            padded = new float[length];
        }
        return padded;
    }

    /** The mean over points around a pixel, each read with bilinear interpolation, as a kernel over pixels. */
    static final class Points {
        private final int reach;
        private final int[] dy;
        private final int[] dx;
        private final float[] weights;

        /** Points (ys[i], xs[i]), in pixels from the centre. */
        Points(double[] ys, double[] xs) {
            double farthest = 0;
            for (int i = 0; i < ys.length; i++) {
                farthest = Math.max(farthest, Math.max(Math.abs(ys[i]), Math.abs(xs[i])));
            }
            reach = (int) Math.ceil(farthest);
            int side = 2 * reach + 2;
            double[] grid = new double[side * side];
            for (int i = 0; i < ys.length; i++) {
                int y = (int) Math.floor(ys[i]);
                int x = (int) Math.floor(xs[i]);
                double fy = ys[i] - y;
                double fx = xs[i] - x;
                int cell = (y + reach) * side + x + reach;
                grid[cell] += (1 - fy) * (1 - fx);
                grid[cell + 1] += (1 - fy) * fx;
                grid[cell + side] += fy * (1 - fx);
                grid[cell + side + 1] += fy * fx;
            }
            int count = (int) Arrays.stream(grid).filter(w -> w > 0).count();
            dy = new int[count];
            dx = new int[count];
            weights = new float[count];
            int k = 0;
            for (int i = 0; i < grid.length; i++) {
                if (grid[i] > 0) {
                    dy[k] = i / side - reach;
                    dx[k] = i % side - reach;
                    weights[k++] = (float) (grid[i] / ys.length);
                }
            }
        }
    }
}
