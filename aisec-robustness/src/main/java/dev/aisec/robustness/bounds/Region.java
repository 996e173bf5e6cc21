// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.robustness.attack.Norm;

/** The inputs in question for one example: a ball cut with the bounds of the model, rounded outward. */
final class Region {
    private final Norm norm;
    private final double epsilon;
    private final double[] center;

    Region(Norm norm, double epsilon, int features) {
        this.norm = norm;
        this.epsilon = epsilon;
        this.center = new double[features];
    }

    /** Sets the centre, and the box around the region. */
    void center(Batch inputs, int row, Bounds bounds, Box box) {
        int at = inputs.offset() + row * center.length;
        for (int i = 0; i < center.length; i++) {
            double x = inputs.array()[at + i];
            center[i] = x;
            // The difference of a float and a double is not exact; one ulp outward is.
            box.low[i] = epsilon == 0 ? x : Math.max(bounds.lower(i), Math.nextDown(x - epsilon));
            box.high[i] = epsilon == 0 ? x : Math.min(bounds.upper(i), Math.nextUp(x + epsilon));
        }
    }

    boolean isBox() {
        return norm == Norm.LINF;
    }

    /** A lower bound of a · x + constant − slack over the region: the better of the box and the ball. */
    double lowest(double[] a, Box box, double constant, double slack) {
        double best = lowest(a, box, center.length, constant, slack);
        if (norm != Norm.LINF) {
            double sum = 0;
            double size = 0;
            double dual = 0;
            for (int i = 0; i < center.length; i++) {
                double v = Math.abs(a[i]);
                sum += a[i] * center[i];
                size += v * Math.abs(center[i]);
                dual = norm == Norm.L1 ? Math.max(dual, v) : dual + v * v;
            }
            dual = norm == Norm.L1 ? dual : Math.sqrt(dual);
            best = Math.max(best, finish(sum - epsilon * dual, size + epsilon * dual, center.length, constant, slack));
        }
        return best;
    }

    /** A lower bound of a · x + constant − slack over a box. */
    static double lowest(double[] a, Box box, int n, double constant, double slack) {
        double[] low = box.low;
        double[] high = box.high;
        double sum = 0;
        double size = 0;
        for (int i = 0; i < n; i++) {
            double v = a[i];
            sum += Math.max(v, 0) * low[i] + Math.min(v, 0) * high[i];
            size += Math.abs(v) * Math.max(Math.abs(low[i]), Math.abs(high[i]));
        }
        return finish(sum, size, n, constant, slack);
    }

    private static double finish(double sum, double size, int n, double constant, double slack) {
        double off = slack + Rounding.slack(n) * size + Rounding.FEW * (Math.abs(sum) + Math.abs(constant));
        double bound = (sum + constant) - (off * (1 + 0x1p-20) + Rounding.TINY);
        return Double.isNaN(bound) ? Double.NEGATIVE_INFINITY : Math.nextDown(bound);
    }
}
