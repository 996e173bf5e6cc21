// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

/** x where positive, else slope · x. */
final class ReluStep extends Step {
    private final double slope;

    ReluStep(double slope, int values) {
        super(values, values);
        this.slope = slope;
    }

    @Override
    void forward(Box in, double[] outLow, double[] outHigh) {
        for (int i = 0; i < inputs; i++) {
            outLow[i] = in.low[i] >= 0 ? in.low[i] : Math.min(0, Math.nextDown(slope * in.low[i]));
            outHigh[i] = in.high[i] >= 0 ? in.high[i] : Math.min(0, Math.nextUp(slope * in.high[i]));
            if (slope == 0) {
                outLow[i] = Math.max(outLow[i], 0);
            }
            in.magnitude[i] = in.largest(i);
        }
    }

    /** Whether the sign of an input is open. */
    static boolean isOpen(Box in, int i) {
        return in.low[i] < 0 && in.high[i] > 0;
    }

    /**
     * Where the sign is open, the function lies below the chord from (l, slope · l) to (u, u), and above both the line of
     * slope 1 and that of its own slope through 0; of these the one with the smaller area is taken (Zhang et al. 2018,
     * section 3.3).
     */
    @Override
    void back(Box in, double[][] a, int rows, double[][] out, double[] constant, double[] slack) {
        double[] below = new double[inputs];
        double[] above = new double[inputs];
        double[] gap = new double[inputs];
        for (int i = 0; i < inputs; i++) {
            double l = in.low[i];
            double u = in.high[i];
            if (l >= 0) {
                below[i] = 1;
                above[i] = 1;
            } else if (u <= 0) {
                below[i] = slope;
                above[i] = slope;
            } else {
                below[i] = u > -l ? 1 : slope;
                double s = Math.min(1, Math.max(slope, (u - slope * l) / (u - l)));
                above[i] = s;
                // Whatever s was rounded to, a convex function minus a line is largest at an end.
                double most = Math.max((slope - s) * l, (1 - s) * u);
                gap[i] = most * (1 + Rounding.FEW) + Rounding.TINY;
            }
        }
        double rounding = Rounding.slack(inputs);
        for (int r = 0; r < rows; r++) {
            double[] y = a[r];
            double[] x = out[r];
            double sum = 0;
            double size = 0;
            for (int i = 0; i < inputs; i++) {
                double v = y[i];
                double plus = Math.max(v, 0);
                double minus = Math.min(v, 0);
                x[i] = plus * below[i] + minus * above[i];
                sum += minus * gap[i];
                size += Math.abs(v) * in.magnitude[i];
            }
            constant[r] += sum;
            slack[r] += rounding * size + Rounding.FEW * Math.abs(constant[r]) + Rounding.TINY;
        }
    }
}
