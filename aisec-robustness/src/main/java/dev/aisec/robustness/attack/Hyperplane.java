// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Bounds;
import java.util.Arrays;

/**
 * The shortest step from a point of the box onto a hyperplane, without leaving the box: min ‖δ‖ so that ⟨w, δ⟩ = b and x + δ is
 * in the box (Croce, Hein, Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020, equation
 * 4). Where the box does not reach the hyperplane, it is the corner nearest to it.
 *
 * <p>With room_i, how far coordinate i can go in the direction of w_i, the step is sign(w_i) min(λ |w_i|, room_i) in L2 and
 * sign(w_i) min(λ, room_i) in L∞. What they gain, as a function of λ, rises and is concave, so Newton's method from λ = 0 never
 * overshoots and is exact after as many steps as coordinates hit the box; no sorting. In L1 the largest |w_i| go first, each
 * as far as it can. One for each thread.
 */
final class Hyperplane {
    private final Norm norm;
    private final Bounds bounds;
    private final int n;
    private final double[] room;
    private final long[] order;

    Hyperplane(Norm norm, Bounds bounds, int features) {
        this.norm = norm;
        this.bounds = bounds;
        this.n = features;
        room = new double[features];
        order = new long[norm == Norm.L1 ? features : 0];
    }

    /** The dual norm of w: the rate at which a step of length 1 gains, without a box. */
    static double dual(Norm norm, float[] w, int at, int n) {
        double sum = 0;
        double max = 0;
        switch (norm) {
            case L1 -> {
                for (int i = at; i < at + n; i++) {
                    max = Math.max(max, Math.abs(w[i]));
                }
                return max;
            }
            case L2 -> {
                for (int i = at; i < at + n; i++) {
                    sum += (double) w[i] * w[i];
                }
                return Math.sqrt(sum);
            }
            case LINF -> {
                for (int i = at; i < at + n; i++) {
                    sum += Math.abs(w[i]);
                }
                return sum;
            }
        }
        throw new AssertionError(norm);
    }

    /**
     * Writes the step δ and returns its length. A negative b is gained against w.
     */
    double step(float[] x, int at, float[] w, int wi, double b, double[] delta) {
        Arrays.fill(delta, 0, n, 0);
        if (b == 0) {
            return 0;
        }
        double side = Math.signum(b);
        double gain = Math.abs(b);
        for (int i = 0; i < n; i++) {
            double v = side * w[wi + i];
            double here = x[at + i];
            room[i] = v > 0 ? bounds.upper(i) - here : v < 0 ? here - bounds.lower(i) : 0;
        }
        return switch (norm) {
            case L0 -> throw new AssertionError(norm);
            case L1 -> sparse(w, wi, gain, side, delta);
            case L2 -> {
                double lambda = lambda(w, wi, gain);
                double square = 0;
                for (int i = 0; i < n; i++) {
                    double v = side * w[wi + i];
                    double size = Math.min(lambda * Math.abs(v), room[i]);
                    square += size * size;
                    delta[i] = Math.copySign(size, v);
                }
                yield Math.sqrt(square);
            }
            case LINF -> {
                double lambda = lambda(w, wi, gain);
                double most = 0;
                for (int i = 0; i < n; i++) {
                    double size = Math.min(lambda, room[i]);
                    most = Math.max(most, size);
                    delta[i] = Math.copySign(size, side * w[wi + i]);
                }
                yield most;
            }
        };
    }

    /** The λ at which b is gained; where the box does not let it, one at which every coordinate is at its end. */
    private double lambda(float[] w, int wi, double b) {
        boolean euclid = norm == Norm.L2;
        double lambda = 0;
        while (true) {
            double gained = 0;
            double slope = 0;
            double end = lambda;
            for (int i = 0; i < n; i++) {
                double v = Math.abs((double) w[wi + i]);
                double rate = euclid ? v : 1;
                if (v > 0 && room[i] > 0) {
                    if (lambda * rate < room[i]) {
                        gained += v * rate * lambda;
                        slope += v * rate;
                        end = Math.max(end, room[i] / rate);
                    } else {
                        gained += v * room[i];
                    }
                }
            }
            if (!(slope > 0) || gained >= b) {
                return lambda;
            }
            double next = Math.min(lambda + (b - gained) / slope, end);
            if (!(next > lambda)) {
                return lambda;
            }
            lambda = next;
        }
    }

    private double sparse(float[] w, int wi, double b, double side, double[] delta) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            if (room[i] > 0) {
                // Bits of positive floats sort like their values: the largest weight first, of equals the lowest index.
                order[count++] = -((long) Float.floatToIntBits(Math.abs(w[wi + i])) << 32) + i;
            }
        }
        Arrays.sort(order, 0, count);
        double left = b;
        double length = 0;
        for (int k = 0; k < count && left > 0; k++) {
            int i = (int) (order[k] & 0xffffffffL);
            double v = Math.abs((double) w[wi + i]);
            double size = Math.min(room[i], left / v);
            left -= size * v;
            length += size;
            delta[i] = Math.copySign(size, side * w[wi + i]);
        }
        return length;
    }
}
