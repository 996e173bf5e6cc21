// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Vectors;
import dev.aisec.fairness.metric.GroupedRows;

/**
 * Correlation remover: takes out of every feature what a linear regression on the sensitive columns explains.
 *
 * <p>Guarantee: at strength 1 every changed feature has correlation 0 with every sensitive column on the fitted rows, but for
 * rounding. Only linear dependence is gone: variances, products of features and other models may still give the group away.
 * Sensitive columns that depend on others (such as the last of several indicators) do no harm.
 *
 * <p>Formula: z = x − strength·(s − s̄)·β, with β of least squares of x on s − s̄.
 *
 * <p>Source: residuals of least squares (Frisch and Waugh, "Partial time regressions as compared with individual trends",
 * Econometrica 1, 1933); as a fairness repair in Bird et al., "Fairlearn", Microsoft MSR-TR-2020-32. Clause 7.3.3-4 of ITU-T
 * XSTR-SEC-AI.
 *
 * @param strength share that is taken out, in [0, 1]
 */
public record CorrelationRemover(double strength) {
    private static final double DEPENDENT = 1e-9;
    private static final double ROUNDING = 1e-12;

    /** Checks the strength. */
    public CorrelationRemover {
        Checks.share("strength", strength);
    }

    /**
     * Takes all of it out.
     *
     * @return the remover of strength 1
     */
    public static CorrelationRemover full() {
        return new CorrelationRemover(1);
    }

    /**
     * Sensitive columns from groups.
     *
     * @param rows the rows
     * @return row-major, a column for each group: 1 for the row's own group, else 0
     */
    public static double[] indicators(GroupedRows rows) {
        int groups = rows.space().size();
        double[] columns = new double[Math.multiplyExact(groups, rows.size())];
        for (int i = 0; i < rows.size(); i++) {
            columns[i * groups + rows.group(i)] = 1;
        }
        return columns;
    }

    /**
     * Learns the regression.
     *
     * @param features row-major; finite
     * @param columns columns of the features
     * @param sensitive row-major, as many rows; finite
     * @param sensitiveColumns columns of the sensitive part
     * @return the fitted remover
     */
    public Fitted fit(double[] features, int columns, double[] sensitive, int sensitiveColumns) {
        int n = Checks.features("features", features, columns);
        int m = Checks.features("sensitive", sensitive, sensitiveColumns);
        if (n != m) {
            throw new IllegalArgumentException("sensitive must have as many rows as features, " + n + ", had " + m);
        }
        if (n < 1) {
            throw new IllegalArgumentException("rows must be >= 1, were 0");
        }
        int k = sensitiveColumns;
        double[] means = means(sensitive, k, n);
        double[][] basis = new double[k][];
        double[][] toBasis = new double[k][];
        int rank = 0;
        for (int c = 0; c < k; c++) {
            double[] q = new double[n];
            for (int i = 0; i < n; i++) {
                q[i] = sensitive[i * k + c] - means[c];
            }
            double[] t = new double[k];
            t[c] = 1;
            double before = Vectors.norm(q);
            if (before <= ROUNDING * Math.abs(means[c]) * Math.sqrt(n)) {
                // A constant column: what is left of it is rounding of the mean.
                continue;
            }
            // Gram-Schmidt, twice: the second pass removes what rounding left.
            for (int pass = 0; pass < 2; pass++) {
                for (int r = 0; r < rank; r++) {
                    double dot = Vectors.dot(basis[r], q);
                    Vectors.add(q, -dot, basis[r]);
                    Vectors.add(t, -dot, toBasis[r]);
                }
            }
            double after = Vectors.norm(q);
            if (after > DEPENDENT * before && after > 0) {
                scale(q, 1 / after);
                scale(t, 1 / after);
                basis[rank] = q;
                toBasis[rank++] = t;
            }
        }
        double[] coefficients = new double[k * columns];
        double[] x = new double[n];
        for (int j = 0; j < columns; j++) {
            for (int i = 0; i < n; i++) {
                x[i] = features[i * columns + j];
            }
            // Centred first, so that large offsets do not eat the digits.
            double mean = means(x, 1, n)[0];
            for (int i = 0; i < n; i++) {
                x[i] -= mean;
            }
            for (int r = 0; r < rank; r++) {
                double dot = Vectors.dot(basis[r], x);
                for (int c = 0; c < k; c++) {
                    coefficients[c * columns + j] += toBasis[r][c] * dot;
                }
            }
        }
        return new Fitted(strength, columns, means, coefficients);
    }

    private static double[] means(double[] values, int columns, int rows) {
        double[] means = new double[columns];
        for (int i = 0; i < rows; i++) {
            for (int c = 0; c < columns; c++) {
                means[c] += values[i * columns + c] / rows;
            }
        }
        return means;
    }

    private static void scale(double[] a, double factor) {
        for (int i = 0; i < a.length; i++) {
            a[i] *= factor;
        }
    }

    /** The regression. Immutable. */
    public static final class Fitted {
        private final double strength;
        private final int columns;
        private final double[] means;
        private final double[] coefficients;

        private Fitted(double strength, int columns, double[] means, double[] coefficients) {
            this.strength = strength;
            this.columns = columns;
            this.means = means;
            this.coefficients = coefficients;
        }

        /**
         * Changes rows, fitted ones or new ones.
         *
         * @param features row-major, columns as fitted; finite
         * @param sensitive row-major, columns as fitted, as many rows; finite
         * @return the changed features
         */
        public double[] transform(double[] features, double[] sensitive) {
            int n = Checks.features("features", features, columns);
            int k = means.length;
            if (Checks.features("sensitive", sensitive, k) != n) {
                throw new IllegalArgumentException(
                        "sensitive must have as many rows as features, " + n + ", had " + sensitive.length / k);
            }
            double[] result = features.clone();
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < k; c++) {
                    double s = strength * (sensitive[i * k + c] - means[c]);
                    for (int j = 0; j < columns; j++) {
                        result[i * columns + j] -= s * coefficients[c * columns + j];
                    }
                }
            }
            return result;
        }
    }
}
