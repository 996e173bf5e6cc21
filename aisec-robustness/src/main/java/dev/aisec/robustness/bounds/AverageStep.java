// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.Shape;

/**
 * Average pooling. The weights 1/n are rounded to double, so that they differ from those of real arithmetic by half an ulp:
 * the slack for sums of that many terms covers it.
 */
final class AverageStep extends AffineStep {
    private final int[][] cells;
    private final double[] share;

    AverageStep(FeedForward.AveragePooling pooling, Shape in, Shape out) {
        super(
                in.size(),
                new double[out.size()],
                pooling.window().height() * pooling.window().width());
        cells = MaxStep.windows(pooling.window(), in, out);
        share = new double[outputs];
        for (int o = 0; o < outputs; o++) {
            share[o] = 1.0 / (pooling.countPadding() ? terms() : Math.max(1, cells[o].length));
        }
    }

    @Override
    void apply(double[] x, double[] y) {
        for (int o = 0; o < outputs; o++) {
            double sum = 0;
            for (int i : cells[o]) {
                sum += x[i];
            }
            y[o] += share[o] * sum;
        }
    }

    @Override
    void applyAbsolute(double[] x, double[] y) {
        apply(x, y);
    }

    @Override
    void applyTransposed(double[] y, double[] x) {
        for (int o = 0; o < outputs; o++) {
            double v = share[o] * y[o];
            if (v != 0) {
                for (int i : cells[o]) {
                    x[i] += v;
                }
            }
        }
    }

    @Override
    void applyAbsoluteTransposed(double[] y, double[] x) {
        applyTransposed(y, x);
    }
}
