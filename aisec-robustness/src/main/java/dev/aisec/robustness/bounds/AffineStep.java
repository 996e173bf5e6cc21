// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import java.util.Arrays;

/** y = W x + b. */
abstract class AffineStep extends Step {
    /** Largest number of terms of an output. */
    private final int terms;
    /** b, a value for each output. */
    private final double[] bias;

    AffineStep(int inputs, double[] bias, int terms) {
        super(inputs, bias.length);
        this.bias = bias;
        this.terms = terms;
    }

    /** y += W x. */
    abstract void apply(double[] x, double[] y);

    /** y += |W| x. */
    abstract void applyAbsolute(double[] x, double[] y);

    /** x += Wᵀ y. */
    abstract void applyTransposed(double[] y, double[] x);

    /** x += |W|ᵀ y. */
    abstract void applyAbsoluteTransposed(double[] y, double[] x);

    /** out = a W, for the first rows. */
    void multiply(double[][] a, int rows, double[][] out) {
        for (int r = 0; r < rows; r++) {
            Arrays.fill(out[r], 0, inputs, 0);
            applyTransposed(a[r], out[r]);
        }
    }

    final int terms() {
        return terms;
    }

    /** With c the centre and r the radius of the inputs: W c + b ± |W| r. */
    @Override
    void forward(Box in, double[] outLow, double[] outHigh) {
        double[] center = new double[inputs];
        double[] radius = new double[inputs];
        double[] largest = new double[inputs];
        for (int i = 0; i < inputs; i++) {
            double c = 0.5 * in.low[i] + 0.5 * in.high[i];
            center[i] = c;
            radius[i] = Math.nextUp(Math.max(in.high[i] - c, c - in.low[i]));
            largest[i] = Math.abs(c) + radius[i];
        }
        double[] middle = bias.clone();
        double[] spread = new double[outputs];
        Arrays.setAll(in.magnitude, o -> Math.abs(bias[o]));
        apply(center, middle);
        applyAbsolute(radius, spread);
        applyAbsolute(largest, in.magnitude);
        double rounding = Rounding.slack(terms);
        for (int o = 0; o < outputs; o++) {
            double reach = spread[o] + rounding * in.magnitude[o] + Rounding.TINY;
            outLow[o] = Math.nextDown(middle[o] - reach);
            outHigh[o] = Math.nextUp(middle[o] + reach);
        }
    }

    /**
     * a (W x + b) = (a W) x + a b. The computed a W is off by at most γ |a| |W|, so that (a W) x is off by at most γ |a| (|W|
     * max |x|), where the bracket is part of the magnitude.
     */
    @Override
    void back(Box in, double[][] a, int rows, double[][] out, double[] constant, double[] slack) {
        double rounding = Rounding.slack(outputs);
        for (int r = 0; r < rows; r++) {
            double[] row = a[r];
            double sum = 0;
            double size = 0;
            for (int o = 0; o < outputs; o++) {
                sum += row[o] * bias[o];
                size += Math.abs(row[o]) * in.magnitude[o];
            }
            constant[r] += sum;
            slack[r] += rounding * size + Rounding.FEW * Math.abs(constant[r]);
        }
        multiply(a, rows, out);
    }
}
