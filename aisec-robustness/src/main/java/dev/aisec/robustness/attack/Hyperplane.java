// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import java.util.Arrays;

/**
 * The shortest way from a point to a hyperplane inside a box: minimise ‖δ‖ under w·(x + δ) = b, low ≤ x + δ ≤ high (Croce, Hein,
 * Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020, section 3.1). Where the box does not
 * reach the hyperplane, it goes as far towards it as it can. Holds scratch memory: one thread.
 */
final class Hyperplane {
    private final Norm norm;
    private final int n;
    private final double[] slope;
    private final double[] room;

    Hyperplane(Norm norm, int features) {
        this.norm = norm;
        n = features;
        slope = new double[features];
        room = new double[features];
    }

    /**
     * Writes δ.
     *
     * @param missing b − w·x
     * @return ‖δ‖
     */
    double step(
            float[] x, int at, float[] w, int wi, double missing, float[] low, float[] high, int box, float[] delta) {
        double sign = Math.signum(missing);
        double total = 0;
        for (int i = 0; i < n; i++) {
            double v = sign * w[wi + i];
            slope[i] = Math.abs(v);
            room[i] = v > 0 ? (double) high[box + i] - x[at + i] : v < 0 ? (double) x[at + i] - low[box + i] : 0;
            total += slope[i] * room[i];
        }
        double wanted = Math.abs(missing);
        if (norm == Norm.L1) {
            greedy(wanted);
        } else {
            fill(total <= wanted ? Double.POSITIVE_INFINITY : scale(wanted));
        }
        double length = 0;
        for (int i = 0; i < n; i++) {
            delta[i] = (float) (sign * w[wi + i] < 0 ? -room[i] : room[i]);
            length = switch (norm) {
                case L1 -> length + room[i];
                case L2 -> length + room[i] * room[i];
                default -> Math.max(length, room[i]);
            };
        }
        return norm == Norm.L2 ? Math.sqrt(length) : length;
    }

    /** The t at which Σ |w| min(t |w|^(0 or 1), room) is what is wanted: concave, so Newton's steps stay below and end. */
    private double scale(double wanted) {
        double t = 0;
        for (int k = 0; k < 100; k++) {
            double gain = 0;
            double rate = 0;
            for (int i = 0; i < n; i++) {
                double each = norm == Norm.L2 ? slope[i] : slope[i] > 0 ? 1 : 0;
                double go = t * each;
                gain += slope[i] * Math.min(go, room[i]);
                rate += go < room[i] ? slope[i] * each : 0;
            }
            double more = wanted - gain;
            if (!(more > 1e-9 * wanted) || rate == 0) {
                break;
            }
            t += more / rate;
        }
        return t;
    }

    private void fill(double t) {
        for (int i = 0; i < n; i++) {
            double each = norm == Norm.L2 ? slope[i] : 1;
            room[i] = slope[i] > 0 ? Math.min(t * each, room[i]) : 0;
        }
    }

    /** The steepest features first, each as far as the box lets it. */
    private void greedy(double wanted) {
        long[] order = new long[n];
        for (int i = 0; i < n; i++) {
            order[i] = ((long) Float.floatToIntBits((float) slope[i]) << 32) | i;
        }
        Arrays.sort(order);
        double left = wanted;
        for (int k = n - 1; k >= 0; k--) {
            int i = (int) order[k];
            double gain = slope[i] * room[i];
            if (gain > left) {
                room[i] = left > 0 ? left / slope[i] : 0;
                left = 0;
            } else {
                left -= gain;
                room[i] = slope[i] > 0 ? room[i] : 0;
            }
        }
    }
}
