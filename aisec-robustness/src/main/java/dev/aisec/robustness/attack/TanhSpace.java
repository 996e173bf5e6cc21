// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Bounds;

/**
 * The change of variables x = centre + half · tanh w, under which every w gives an x inside the box (Carlini, Wagner, IEEE
 * S&amp;P 2017, section V-D). A feature without two finite ends is its own variable, clipped.
 */
final class TanhSpace {
    /** How near to an end of the box a variable begins, so that w is finite and has a slope: as in the authors' code. */
    private static final double INNER = 0.999999;

    private final Bounds bounds;
    private final int n;
    private final float[] low;
    private final float[] high;
    private final double[] center;
    private final double[] half;
    private final boolean closed;

    TanhSpace(Bounds bounds, int features) {
        this.bounds = bounds;
        n = features;
        low = new float[n];
        high = new float[n];
        center = new double[n];
        half = new double[n];
        boolean finite = true;
        for (int i = 0; i < n; i++) {
            low[i] = bounds.lower(i);
            high[i] = bounds.upper(i);
            center[i] = ((double) low[i] + high[i]) / 2;
            half[i] = ((double) high[i] - low[i]) / 2;
            finite &= !Double.isInfinite(half[i]);
        }
        closed = finite;
    }

    /** w of a point of the box. */
    void enter(float[] x, int at, float[] w, int wi) {
        for (int i = 0; i < n; i++) {
            if (Double.isInfinite(half[i])) {
                w[wi + i] = x[at + i];
            } else {
                double t = INNER * (x[at + i] - center[i]) / half[i];
                w[wi + i] = (float) (0.5 * Math.log((1 + t) / (1 - t)));
            }
        }
    }

    /** The point of w, and the derivative of each of its coordinates. */
    void leave(float[] w, int wi, float[] x, int at, float[] slope) {
        if (!closed) {
            leaveOpen(w, wi, x, at, slope);
            return;
        }
        for (int i = 0; i < n; i++) {
            double t = tanh(w[wi + i]);
            float moved = (float) (center[i] + half[i] * t);
            x[at + i] = Math.min(Math.max(moved, low[i]), high[i]);
            slope[at + i] = (float) (half[i] * (1 - t * t));
        }
    }

    private void leaveOpen(float[] w, int wi, float[] x, int at, float[] slope) {
        for (int i = 0; i < n; i++) {
            boolean own = Double.isInfinite(half[i]);
            double t = own ? 0 : tanh(w[wi + i]);
            w[wi + i] = own ? bounds.clip(i, w[wi + i]) : w[wi + i];
            x[at + i] = own ? w[wi + i] : bounds.clip(i, (float) (center[i] + half[i] * t));
            slope[at + i] = own ? 1 : (float) (half[i] * (1 - t * t));
        }
    }

    /** Several times faster than Math.tanh, and as exact as a float needs. */
    private static double tanh(double w) {
        return 1 - 2 / (Math.exp(2 * w) + 1);
    }
}
