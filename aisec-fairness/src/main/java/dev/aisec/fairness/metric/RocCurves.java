// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.fairness.metric.GroupScores.Block;

/** ROC curves as points joined by straight lines, and the exact area between two. */
final class RocCurves {
    private RocCurves() {}

    /** False and true positive rates from (0, 0) to (1, 1), one point for each different score. */
    static double[][] of(Block block) {
        int n = block.values().length;
        return of(block.weights()[0], block.weights()[1], n);
    }

    static double[][] of(double[] negative, double[] positive, int n) {
        double[] x = new double[n + 1];
        double[] y = new double[n + 1];
        for (int i = 0; i < n; i++) {
            x[i + 1] = x[i] + negative[n - 1 - i];
            y[i + 1] = y[i] + positive[n - 1 - i];
        }
        double allX = x[n];
        double allY = y[n];
        for (int i = 0; i <= n; i++) {
            x[i] /= allX;
            y[i] /= allY;
        }
        return new double[][] {x, y};
    }

    /** ∫ |f − g| over [0, 1]. */
    static double between(double[][] f, double[][] g) {
        int i = 0;
        int j = 0;
        double x = 0;
        double area = 0;
        int lastF = f[0].length - 1;
        int lastG = g[0].length - 1;
        while (i < lastF && j < lastG) {
            // The piece [x, next] lies on one line of each curve; vertical lines have no width.
            double next = Math.min(f[0][i + 1], g[0][j + 1]);
            if (next > x) {
                double left = at(f, i, x) - at(g, j, x);
                double right = at(f, i, next) - at(g, j, next);
                double width = next - x;
                area += left * right >= 0
                        ? width * (Math.abs(left) + Math.abs(right)) / 2
                        : width * (left * left + right * right) / (2 * (Math.abs(left) + Math.abs(right)));
                x = next;
            }
            if (f[0][i + 1] <= next) {
                i++;
            }
            if (g[0][j + 1] <= next) {
                j++;
            }
        }
        return area;
    }

    private static double at(double[][] curve, int piece, double x) {
        double x0 = curve[0][piece];
        double x1 = curve[0][piece + 1];
        double t = (x - x0) / (x1 - x0);
        return curve[1][piece] + t * (curve[1][piece + 1] - curve[1][piece]);
    }

    /** Values at equally spaced abscissas 0, 1/m, …, 1; the upper end where the curve is vertical. */
    static void sample(double[][] curve, double[] out) {
        int piece = 0;
        int last = curve[0].length - 2;
        for (int k = 0; k < out.length; k++) {
            double x = k / (out.length - 1.0);
            while (piece < last && curve[0][piece + 1] <= x) {
                piece++;
            }
            out[k] = curve[0][piece + 1] > curve[0][piece] ? at(curve, piece, Math.min(1, x)) : curve[1][piece + 1];
        }
    }
}
