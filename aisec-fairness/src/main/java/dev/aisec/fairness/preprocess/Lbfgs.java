// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.fairness.internal.Vectors;

/**
 * Minimises a smooth function by the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno with backtracking (Nocedal and
 * Wright, "Numerical Optimization", 2006, algorithm 7.5). Deterministic; the value never rises.
 */
final class Lbfgs {
    /** A function with its gradient. */
    @FunctionalInterface
    interface Objective {
        /** Returns the value and overwrites the gradient. */
        double evaluate(double[] point, double[] gradient);
    }

    /** Where it ended. */
    record Result(double[] point, double value, boolean converged, int iterations) {}

    private static final int MEMORY = 10;
    private static final double ARMIJO = 1e-4;

    private Lbfgs() {}

    /** Stops when the norm of the gradient is at most {@code accuracy} times max(1, norm of the point). */
    static Result minimize(Objective objective, double[] start, int iterations, double accuracy) {
        int n = start.length;
        double[] x = start.clone();
        double[] g = new double[n];
        double value = objective.evaluate(x, g);
        double[][] s = new double[MEMORY][];
        double[][] y = new double[MEMORY][];
        int stored = 0;
        double[] alpha = new double[MEMORY];
        for (int step = 0; step < iterations; step++) {
            if (Vectors.norm(g) <= accuracy * Math.max(1, Vectors.norm(x))) {
                return new Result(x, value, true, step);
            }
            double[] d = g.clone();
            int from = Math.max(0, stored - MEMORY);
            for (int k = stored - 1; k >= from; k--) {
                int m = k % MEMORY;
                alpha[m] = Vectors.dot(s[m], d) / Vectors.dot(s[m], y[m]);
                Vectors.add(d, -alpha[m], y[m]);
            }
            double scale = stored > 0
                    ? Vectors.dot(s[(stored - 1) % MEMORY], y[(stored - 1) % MEMORY])
                            / Vectors.dot(y[(stored - 1) % MEMORY], y[(stored - 1) % MEMORY])
                    : 1 / Math.max(1, Vectors.norm(g));
            for (int i = 0; i < n; i++) {
                d[i] *= scale;
            }
            for (int k = from; k < stored; k++) {
                int m = k % MEMORY;
                Vectors.add(d, alpha[m] - Vectors.dot(y[m], d) / Vectors.dot(s[m], y[m]), s[m]);
            }
            double slope = Vectors.dot(d, g);
            if (!(slope > 0)) {
                d = g.clone();
                slope = Vectors.dot(d, g);
            }
            double[] next = new double[n];
            double[] gradient = new double[n];
            double length = 1;
            double candidate = Double.POSITIVE_INFINITY;
            for (int halving = 0; halving < 50; halving++, length /= 2) {
                for (int i = 0; i < n; i++) {
                    next[i] = x[i] - length * d[i];
                }
                candidate = objective.evaluate(next, gradient);
                if (candidate <= value - ARMIJO * length * slope) {
                    break;
                }
            }
            if (!(candidate < value)) {
                return new Result(x, value, false, step);
            }
            double[] ds = new double[n];
            double[] dy = new double[n];
            for (int i = 0; i < n; i++) {
                ds[i] = next[i] - x[i];
                dy[i] = gradient[i] - g[i];
            }
            if (Vectors.dot(ds, dy) > 1e-12 * Vectors.norm(ds) * Vectors.norm(dy)) {
                s[stored % MEMORY] = ds;
                y[stored % MEMORY] = dy;
                stored++;
            }
            x = next;
            g = gradient;
            value = candidate;
        }
        return new Result(x, value, Vectors.norm(g) <= accuracy * Math.max(1, Vectors.norm(x)), iterations);
    }
}
