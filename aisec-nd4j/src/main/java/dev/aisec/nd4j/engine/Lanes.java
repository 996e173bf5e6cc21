// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.util.Arrays;

/**
 * Loops over {@code float[]} that the compiler of the JVM turns into vector instructions: one index shared by all
 * arrays, one store, arithmetic instead of branches.
 */
final class Lanes {
    /** Times this, every positive float that is not subnormal is at least 1. */
    private static final float HUGE = 1e38f;

    private Lanes() {}

    static void addBias(float[] y, int from, int to, float bias) {
        for (int j = from; j < to; j++) {
            y[j] += bias;
        }
    }

    static void addBiasRelu(float[] y, int from, int to, float bias) {
        for (int j = from; j < to; j++) {
            y[j] = Math.max(y[j] + bias, 0f);
        }
    }

    /** d ← d where the output of the ReLU is positive, else 0. */
    static void reluGate(float[] d, float[] y, int length) {
        for (int j = 0; j < length; j++) {
            d[j] *= Math.min(y[j] * HUGE, 1f);
        }
    }

    static void max(float[] m, float[] a, int length) {
        for (int j = 0; j < length; j++) {
            m[j] = Math.max(m[j], a[j]);
        }
    }

    static void add(float[] y, float[] a, int from, int to) {
        for (int j = from; j < to; j++) {
            y[j] += a[j];
        }
    }

    static void subtract(float[] y, float[] a, int length) {
        for (int j = 0; j < length; j++) {
            y[j] -= a[j];
        }
    }

    static void multiply(float[] y, float[] a, int length) {
        for (int j = 0; j < length; j++) {
            y[j] *= a[j];
        }
    }

    /** y ← factor · x + constant. */
    static void affine(float[] y, float[] x, int from, int to, float factor, float constant) {
        for (int j = from; j < to; j++) {
            y[j] = x[j] * factor + constant;
        }
    }

    /** y ← a · d + b · x + constant. */
    static void affine(float[] y, float[] d, float[] x, int from, int to, float a, float b, float constant) {
        for (int j = from; j < to; j++) {
            y[j] = d[j] * a + x[j] * b + constant;
        }
    }

    /** s ← rest where a equals the maximum, else 0. */
    static void select(float[] s, float[] rest, float[] a, float[] max, int length) {
        for (int j = 0; j < length; j++) {
            s[j] = rest[j] * Math.max(1f + (a[j] - max[j]) * HUGE, 0f);
        }
    }

    static void scale(float[] y, int from, int to, float factor) {
        for (int j = from; j < to; j++) {
            y[j] *= factor;
        }
    }

    static void zero(float[] y, int length) {
        Arrays.fill(y, 0, length, 0f);
    }

    /** Rows of examples into rows-innermost order; columns from {@code rows} to {@code width} repeat the last row. */
    static void spread(float[] data, int offset, int features, int rows, float[] to, int width) {
        int r = 0;
        for (; r + 8 <= rows; r += 8) {
            int a = offset + r * features;
            for (int f = 0; f < features; f++) {
                int p = f * width + r;
                int q = a + f;
                to[p] = data[q];
                to[p + 1] = data[q + features];
                to[p + 2] = data[q + 2 * features];
                to[p + 3] = data[q + 3 * features];
                to[p + 4] = data[q + 4 * features];
                to[p + 5] = data[q + 5 * features];
                to[p + 6] = data[q + 6 * features];
                to[p + 7] = data[q + 7 * features];
            }
        }
        for (; r < width; r++) {
            int a = offset + Math.min(r, rows - 1) * features;
            for (int f = 0; f < features; f++) {
                to[f * width + r] = data[a + f];
            }
        }
    }

    /** The same, with zeros in the padding. */
    static void spreadZero(float[] data, int offset, int features, int rows, float[] to, int width) {
        for (int f = 0; f < features; f++) {
            int p = f * width;
            for (int r = 0; r < rows; r++) {
                to[p + r] = data[offset + r * features + f];
            }
            for (int r = rows; r < width; r++) {
                to[p + r] = 0f;
            }
        }
    }

    /** Rows-innermost order back into rows of examples. */
    static void gather(float[] from, int width, int features, int rows, float[] to, int offset) {
        int r = 0;
        for (; r + 8 <= rows; r += 8) {
            int a = offset + r * features;
            for (int f = 0; f < features; f++) {
                int p = f * width + r;
                int q = a + f;
                to[q] = from[p];
                to[q + features] = from[p + 1];
                to[q + 2 * features] = from[p + 2];
                to[q + 3 * features] = from[p + 3];
                to[q + 4 * features] = from[p + 4];
                to[q + 5 * features] = from[p + 5];
                to[q + 6 * features] = from[p + 6];
                to[q + 7 * features] = from[p + 7];
            }
        }
        for (; r < rows; r++) {
            for (int f = 0; f < features; f++) {
                to[offset + r * features + f] = from[f * width + r];
            }
        }
    }
}
