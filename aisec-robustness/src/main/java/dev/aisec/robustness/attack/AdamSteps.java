// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

/** Adam (Kingma, Ba, ICLR 2015) on many rows, each with its own count of steps. */
final class AdamSteps {
    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float SMALL = 1e-8f;

    private final double rate;
    private final int n;
    private float[] first;
    private float[] second;

    AdamSteps(double rate, int rows, int features) {
        this.rate = rate;
        n = features;
        first = new float[rows * n];
        second = new float[rows * n];
    }

    /** Forgets the steps of a row. */
    void reset(int r) {
        java.util.Arrays.fill(first, r * n, r * n + n, 0);
        java.util.Arrays.fill(second, r * n, r * n + n, 0);
    }

    /** Step number {@code count}, from 1, of row r against gradient g. */
    void step(int r, int count, float[] w, float[] g) {
        float size = (float) (rate * Math.sqrt(1 - Math.pow(BETA2, count)) / (1 - Math.pow(BETA1, count)));
        float[] m = first;
        float[] v = second;
        for (int i = r * n; i < r * n + n; i++) {
            m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
            v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
            w[i] -= size * m[i] / ((float) Math.sqrt(v[i]) + SMALL);
        }
    }

    void keep(int[] kept) {
        first = Search.pick(first, n, kept);
        second = Search.pick(second, n, kept);
    }
}
