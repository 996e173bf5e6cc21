// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Bounds;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.random.RandomGenerator;

/**
 * A ball around inputs, cut with the bounds of the model: projection onto it, steepest ascent in it, random points of it.
 * What it leaves is inside, float rounding included: the distance, computed in double, is at most ε.
 */
final class Ball {
    /** Share of the coordinates that a step in L1 moves (Tramèr, Boneh, NeurIPS 2019, use between 1 % and 20 %). */
    private static final double MOVED = 0.05;

    private final Norm norm;
    private final double epsilon;
    private final Bounds bounds;
    private final int n;
    /** Scratch of the projection in L1: |u| and how far each feature may go. */
    private final double[] sizes;

    private final double[] rooms;

    Ball(Norm norm, double epsilon, Bounds bounds, int features) {
        requireNorm(norm);
        this.norm = norm;
        this.epsilon = epsilon;
        this.bounds = bounds;
        this.n = features;
        sizes = new double[norm == Norm.L1 ? features : 0];
        rooms = new double[norm == Norm.L1 ? features : 0];
    }

    /** Rejects L0: what is sparse needs an attack of its own. */
    static void requireNorm(Norm norm) {
        if (norm == Norm.L0) {
            throw new IllegalArgumentException(
                    "norm must be L1, L2 or LINF, was L0; take an attack on few features, such as SparseRs or Jsma");
        }
    }

    /** The least and largest values of a row: the ball in L∞, cut with the bounds; else the bounds. Ends go inward. */
    void box(float[] clean, int in, float[] low, float[] high, int at) {
        for (int i = 0; i < n; i++) {
            float center = clean[in + i];
            float lo = bounds.lower(i);
            float hi = bounds.upper(i);
            if (norm == Norm.LINF) {
                float down = (float) (center - epsilon);
                float up = (float) (center + epsilon);
                lo = Math.max(lo, (double) center - down > epsilon ? Math.nextUp(down) : down);
                hi = Math.min(hi, (double) up - center > epsilon ? Math.nextDown(up) : up);
            }
            low[at + i] = lo;
            high[at + i] = hi;
        }
    }

    /** The nearest point of the ball and the box. */
    void project(float[] x, int at, float[] clean, int in, float[] low, float[] high) {
        switch (norm) {
            case LINF -> clip(x, at, low, high);
            case L2 -> shrink(x, at, clean, in, low, high);
            case L1 -> {
                soften(x, at, clean, in, low, high);
                shrink(x, at, clean, in, low, high);
            }
            case L0 -> throw noBall();
        }
    }

    private void clip(float[] x, int at, float[] low, float[] high) {
        for (int i = at; i < at + n; i++) {
            x[i] = Math.min(Math.max(x[i], low[i]), high[i]);
        }
    }

    /** Scales the perturbation and clips, until it fits. */
    private void shrink(float[] x, int at, float[] clean, int in, float[] low, float[] high) {
        // The input lies in the box, so clipping shortens the perturbation. Rounding to float may lengthen it by an
        // ulp: then scale once more, by a hair, and where epsilon is below the ulps themselves, by half.
        double slack = 1;
        double length = norm.length(x, at, clean, in, n);
        do {
            double scale = length > epsilon ? epsilon / length * slack : 1;
            for (int i = 0; i < n; i++) {
                float moved =
                        scale == 1 ? x[at + i] : (float) (clean[in + i] + scale * ((double) x[at + i] - clean[in + i]));
                x[at + i] = Math.min(Math.max(moved, low[at + i]), high[at + i]);
            }
            slack = slack > 1 - 1e-6 ? slack - 1e-7 : slack / 2;
            length = norm.length(x, at, clean, in, n);
        } while (length > epsilon);
    }

    /**
     * The projection onto the L1 ball and the box at once: |δ_i| = min(max(|u_i| − λ, 0), room_i) with the λ at which their sum
     * is ε (Croce, Hein, Mind the Box, ICML 2021, proposition 2.1), by Newton's method inside a bracket.
     */
    private void soften(float[] x, int at, float[] clean, int in, float[] low, float[] high) {
        double[] size = sizes;
        double[] room = rooms;
        double most = 0;
        for (int i = 0; i < n; i++) {
            double c = clean[in + i];
            double u = x[at + i] - c;
            size[i] = Math.abs(u);
            room[i] = u < 0 ? c - low[at + i] : high[at + i] - c;
            most = Math.max(most, size[i]);
        }
        if (softened(0) <= epsilon) {
            clip(x, at, low, high);
            return;
        }
        double below = 0;
        double above = most;
        double lambda = 0;
        double sum = softened(0);
        for (int k = 0; k < 60 && above - below > 1e-9 * most; k++) {
            double next = lambda + (sum - epsilon) / Math.max(1, moving(lambda));
            lambda = next > below && next < above ? next : (below + above) / 2;
            sum = softened(lambda);
            if (sum > epsilon) {
                below = lambda;
            } else {
                above = lambda;
                if (sum >= epsilon * (1 - 1e-9)) {
                    break;
                }
            }
        }
        for (int i = 0; i < n; i++) {
            double d = Math.min(Math.max(size[i] - above, 0), room[i]);
            double c = clean[in + i];
            x[at + i] = (float) (x[at + i] < clean[in + i] ? c - d : c + d);
        }
    }

    /** Σ |δ_i| at λ. */
    private double softened(double lambda) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.min(Math.max(sizes[i] - lambda, 0), rooms[i]);
        }
        return sum;
    }

    /** How many δ_i change with λ. */
    private int moving(double lambda) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            double d = sizes[i] - lambda;
            count += d > 0 && d < rooms[i] ? 1 : 0;
        }
        return count;
    }

    /**
     * A step of length η against or along a gradient, not projected: its sign in L∞, its direction in L2, the sign of its
     * largest coordinates that the box does not hold back in L1. A gradient of zero moves nothing.
     */
    void step(float[] x, int at, float[] g, int gi, double eta, float[] low, float[] high) {
        switch (norm) {
            case LINF -> {
                float size = (float) eta;
                for (int i = 0; i < n; i++) {
                    x[at + i] += size * Math.signum(g[gi + i]);
                }
            }
            case L2 -> {
                double square = 0;
                for (int i = 0; i < n; i++) {
                    square += (double) g[gi + i] * g[gi + i];
                }
                if (square > 0) {
                    double scale = eta / Math.sqrt(square);
                    for (int i = 0; i < n; i++) {
                        x[at + i] = (float) (x[at + i] + scale * g[gi + i]);
                    }
                }
            }
            case L1 -> stepSparse(x, at, g, gi, eta, low, high);
            case L0 -> throw noBall();
        }
    }

    private static AssertionError noBall() {
        return new AssertionError("the constructor refuses L0");
    }

    private void stepSparse(float[] x, int at, float[] g, int gi, double eta, float[] low, float[] high) {
        int wanted = (int) Math.max(1, Math.round(MOVED * n));
        float[] size = new float[n];
        for (int i = 0; i < n; i++) {
            double direction = eta * g[gi + i];
            boolean held = direction > 0 && x[at + i] >= high[at + i] || direction < 0 && x[at + i] <= low[at + i];
            size[i] = held ? 0 : Math.abs(g[gi + i]);
        }
        float threshold = Math.max(smallest(size.clone(), n - wanted), Float.MIN_VALUE);
        int count = 0;
        for (int i = 0; i < n; i++) {
            count += size[i] >= threshold ? 1 : 0;
        }
        float each = (float) (eta / Math.max(1, count));
        for (int i = 0; i < n; i++) {
            if (size[i] >= threshold) {
                x[at + i] += each * Math.signum(g[gi + i]);
            }
        }
    }

    /** The value that would stand at a place if the values were sorted; changes their order (Hoare's selection). */
    static float smallest(float[] values, int place) {
        int from = 0;
        int to = values.length - 1;
        while (from < to) {
            float pivot = values[(from + to) >>> 1];
            int i = from;
            int j = to;
            while (i <= j) {
                while (values[i] < pivot) {
                    i++;
                }
                while (values[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    float v = values[i];
                    values[i++] = values[j];
                    values[j--] = v;
                }
            }
            if (place <= j) {
                to = j;
            } else if (place >= i) {
                from = i;
            } else {
                break;
            }
        }
        return values[place];
    }

    /**
     * Moves x to a random point around it: uniform in the ball for L∞ and L2 (a Gaussian direction and a radius ε u^(1/n)); for
     * L1 a uniform direction of the sphere (signed exponentials) and the same radius. Not projected.
     */
    void randomPoint(RandomGenerator random, float[] x, int at) {
        if (norm == Norm.LINF) {
            for (int i = 0; i < n; i++) {
                x[at + i] = (float) (x[at + i] + epsilon * (2 * random.nextDouble() - 1));
            }
            return;
        }
        double[] direction = new double[n];
        double length = 0;
        GaussianNoise normal = new GaussianNoise(random);
        for (int i = 0; i < n; i++) {
            if (norm == Norm.L2) {
                direction[i] = normal.next();
                length += direction[i] * direction[i];
            } else {
                direction[i] = -Math.log(1 - random.nextDouble());
                length += direction[i];
                direction[i] = random.nextBoolean() ? direction[i] : -direction[i];
            }
        }
        double scale =
                epsilon * Math.pow(random.nextDouble(), 1.0 / n) / (norm == Norm.L2 ? Math.sqrt(length) : length);
        for (int i = 0; i < n; i++) {
            x[at + i] = (float) (x[at + i] + scale * direction[i]);
        }
    }
}
