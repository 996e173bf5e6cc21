// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.FeedForward.Plane;
import dev.aisec.core.model.Shape;
import java.util.Arrays;

/** Max pooling. */
final class MaxStep extends Step {
    /** Cells of each window. */
    private final int[][] cells;

    MaxStep(FeedForward.MaxPooling pooling, Shape in, Shape out) {
        super(in.size(), out.size());
        cells = windows(pooling.window(), in, out);
    }

    /** The cells that each output is made of. */
    static int[][] windows(FeedForward.Window window, Shape in, Shape out) {
        Plane from = Plane.of(in);
        Plane to = Plane.of(out);
        int[][] cells = new int[out.size()][];
        int[] taps = new int[window.height() * window.width()];
        int at = 0;
        for (int c = 0; c < to.channels(); c++) {
            int first = c * from.height() * from.width();
            for (int y = 0; y < to.height(); y++) {
                for (int x = 0; x < to.width(); x++) {
                    int count = window.taps(y, x, from.height(), from.width(), taps);
                    int[] own = Arrays.copyOf(taps, count);
                    for (int t = 0; t < count; t++) {
                        own[t] += first;
                    }
                    cells[at++] = own;
                }
            }
        }
        return cells;
    }

    /** Largest number of windows that a cell is part of. */
    int overlap() {
        int[] count = new int[inputs];
        int most = 1;
        for (int[] window : cells) {
            for (int i : window) {
                most = Math.max(most, ++count[i]);
            }
        }
        return most;
    }

    @Override
    void forward(Box in, double[] outLow, double[] outHigh) {
        for (int o = 0; o < outputs; o++) {
            double low = Double.NEGATIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            double largest = 0;
            for (int i : cells[o]) {
                low = Math.max(low, in.low[i]);
                high = Math.max(high, in.high[i]);
                largest = Math.max(largest, in.largest(i));
            }
            outLow[o] = low;
            outHigh[o] = high;
            // The lines of back have at most four terms of that size.
            in.magnitude[o] = 4 * largest;
        }
    }

    /** The cell that is the maximum whatever the input, or −1 − the cell with the largest lower bound. */
    private int winner(Box in, int output) {
        int best = cells[output][0];
        for (int i : cells[output]) {
            best = in.low[i] > in.low[best] ? i : best;
        }
        for (int i : cells[output]) {
            if (i != best && in.high[i] > in.low[best]) {
                return -1 - best;
            }
        }
        return best;
    }

    /** Marks the cells of windows without a sure winner. */
    boolean[] open(Box in) {
        boolean[] open = new boolean[inputs];
        for (int o = 0; o < outputs; o++) {
            if (winner(in, o) < 0) {
                for (int i : cells[o]) {
                    open[i] = true;
                }
            }
        }
        return open;
    }

    /**
     * The maximum is at least the cell with the largest lower bound. From above, let z be the cell with the largest upper
     * bound u, l its lower bound, and m the largest upper bound of the others: max(z, m) lies below the line from (l, m) to
     * (u, u).
     */
    @Override
    void back(Box in, double[][] a, int rows, double[][] out, double[] constant, double[] slack) {
        int[] winners = new int[outputs];
        int[] highest = new int[outputs];
        double[] slope = new double[outputs];
        double[] intercept = new double[outputs];
        for (int o = 0; o < outputs; o++) {
            winners[o] = winner(in, o);
            if (winners[o] < 0) {
                highest[o] = highest(in, cells[o]);
                double l = in.low[highest[o]];
                double u = in.high[highest[o]];
                double m = l;
                for (int i : cells[o]) {
                    m = i == highest[o] ? m : Math.max(m, in.high[i]);
                }
                double s = u > l ? Math.min(1, Math.max(0, (u - m) / (u - l))) : 0;
                slope[o] = s;
                // Whatever s was rounded to, a convex function minus a line is largest at an end.
                intercept[o] = Math.max(m - s * l, u - s * u)
                        + Rounding.FEW * (Math.abs(m) + Math.abs(l) + Math.abs(u))
                        + Rounding.TINY;
            }
        }
        double rounding = Rounding.slack(outputs);
        for (int r = 0; r < rows; r++) {
            double[] y = a[r];
            double[] x = out[r];
            Arrays.fill(x, 0, inputs, 0);
            double sum = 0;
            double size = 0;
            for (int o = 0; o < outputs; o++) {
                double v = y[o];
                size += Math.abs(v) * in.magnitude[o];
                if (winners[o] >= 0) {
                    x[winners[o]] += v;
                } else if (v > 0) {
                    x[-1 - winners[o]] += v;
                } else if (v < 0) {
                    x[highest[o]] += v * slope[o];
                    sum += v * intercept[o];
                }
            }
            constant[r] += sum;
            slack[r] += rounding * size + Rounding.FEW * Math.abs(constant[r]) + Rounding.TINY;
        }
    }

    private static int highest(Box in, int[] window) {
        int best = window[0];
        for (int i : window) {
            best = in.high[i] > in.high[best] ? i : best;
        }
        return best;
    }
}
