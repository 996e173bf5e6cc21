// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Vectors;
import java.util.Arrays;

/**
 * Logistic regression with an L2 penalty, fitted by Newton's method with line search. Deterministic.
 *
 * <p>Features are brought to mean 0 and deviation 1 for the fit, weights to mean 1. The penalty keeps separable data finite; the
 * intercept bears none. If all weighted rows have one label, the model is constant; if no row has weight, it scores 0.5 and so decides
 * against. A constant feature gets coefficient 0.
 *
 * <p>Formula: minimise Σ w·log(1 + exp(−y·(b + x·β))) + ridge/2·|β|², y = ±1.
 *
 * <p>Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, section 4.4.
 *
 * @param ridge penalty on the coefficients of the standardised features, against the sum of the losses; positive
 * @param iterations most Newton steps; at least 1
 */
public record LogisticRegression(double ridge, int iterations) implements CostSensitiveLearner {
    private static final double ACCURACY = 1e-10;
    private static final double ARMIJO = 1e-4;

    /** Checks the components. */
    public LogisticRegression {
        Checks.positive("ridge", ridge);
        Checks.atLeast("iterations", 1, iterations);
    }

    /**
     * The usual settings.
     *
     * @return ridge 1, at most 100 steps
     */
    public static LogisticRegression standard() {
        return new LogisticRegression(1, 100);
    }

    /**
     * Another penalty.
     *
     * @param changed positive
     * @return the learner with that ridge
     */
    public LogisticRegression withRidge(double changed) {
        return new LogisticRegression(changed, iterations);
    }

    @Override
    public Model fit(double[] features, int columns, boolean[] favourable, double[] weights) {
        int n = Checks.features("features", features, columns);
        if (favourable.length != n || weights.length != n) {
            throw new IllegalArgumentException("labels and weights must be as many as rows, " + n + ", were "
                    + favourable.length + " and " + weights.length);
        }
        double good = 0;
        double bad = 0;
        int rows = 0;
        for (int i = 0; i < n; i++) {
            if (!(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("weights must be >= 0 and finite, row " + i + " was " + weights[i]);
            }
            if (favourable[i]) {
                good += weights[i];
            } else {
                bad += weights[i];
            }
            rows += weights[i] > 0 ? 1 : 0;
        }
        if (!(good + bad < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sum of weights must be finite, was " + (good + bad));
        }
        if (good == 0 || bad == 0) {
            double constant = good == bad ? 0 : good > 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            return new Model(new double[columns], constant, true);
        }
        Problem problem = new Problem(features, columns, favourable, weights, good + bad);
        return problem.solve(Math.log(good) - Math.log(bad));
    }

    /** The rows with weight, standardised, and the running fit. */
    private final class Problem {
        private final int columns;
        private final int rows;
        private final double[] x;
        private final double[] y;
        private final double[] w;
        private final double[] mean;
        private final double[] deviation;

        Problem(double[] features, int columns, boolean[] favourable, double[] weights, double total) {
            this.columns = columns;
            int count = 0;
            for (double weight : weights) {
                count += weight > 0 ? 1 : 0;
            }
            rows = count;
            x = new double[rows * columns];
            y = new double[rows];
            w = new double[rows];
            mean = new double[columns];
            deviation = new double[columns];
            int r = 0;
            for (int i = 0; i < weights.length; i++) {
                if (weights[i] > 0) {
                    System.arraycopy(features, i * columns, x, r * columns, columns);
                    y[r] = favourable[i] ? 1 : -1;
                    w[r++] = weights[i] / total * rows;
                }
            }
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    mean[j] += w[i] / rows * x[i * columns + j];
                }
            }
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    double d = x[i * columns + j] - mean[j];
                    deviation[j] += w[i] / rows * d * d;
                }
            }
            for (int j = 0; j < columns; j++) {
                double d = Math.sqrt(deviation[j]);
                // Below this a deviation is rounding of the mean.
                deviation[j] = d > 1e-12 * Math.abs(mean[j]) ? d : 0;
            }
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    int at = i * columns + j;
                    x[at] = deviation[j] == 0 ? 0 : (x[at] - mean[j]) / deviation[j];
                }
            }
        }

        Model solve(double start) {
            int d = columns + 1;
            double[] beta = new double[d];
            beta[columns] = start;
            double[] margin = new double[rows];
            double value = value(beta, margin);
            double[] gradient = new double[d];
            double[] hessian = new double[d * d];
            double[] candidate = new double[d];
            boolean converged = false;
            for (int step = 0; step < iterations && !converged; step++) {
                derive(beta, margin, gradient, hessian);
                double[] direction = cholesky(hessian, gradient, d);
                double decrement = 0;
                for (int j = 0; j < d; j++) {
                    decrement += direction[j] * gradient[j];
                }
                converged = decrement <= ACCURACY * (1 + Math.abs(value));
                double length = 1;
                double next = Double.POSITIVE_INFINITY;
                for (int halving = 0; halving < 60; halving++, length /= 2) {
                    for (int j = 0; j < d; j++) {
                        candidate[j] = beta[j] - length * direction[j];
                    }
                    next = value(candidate, margin);
                    if (next <= value - ARMIJO * length * decrement) {
                        break;
                    }
                }
                if (next < value) {
                    System.arraycopy(candidate, 0, beta, 0, d);
                    value = next;
                } else {
                    converged = true;
                    value(beta, margin);
                }
            }
            double[] coefficients = new double[columns];
            double intercept = beta[columns];
            for (int j = 0; j < columns; j++) {
                coefficients[j] = deviation[j] == 0 ? 0 : beta[j] / deviation[j];
                intercept -= coefficients[j] * mean[j];
            }
            return new Model(coefficients, intercept, converged);
        }

        private double value(double[] beta, double[] margin) {
            double sum = 0;
            for (int i = 0; i < rows; i++) {
                double m = beta[columns];
                int row = i * columns;
                for (int j = 0; j < columns; j++) {
                    m += beta[j] * x[row + j];
                }
                margin[i] = m;
                double a = -y[i] * m;
                sum += w[i] * (Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))));
            }
            double norm = 0;
            for (int j = 0; j < columns; j++) {
                norm += beta[j] * beta[j];
            }
            return sum + 0.5 * ridge * norm;
        }

        private void derive(double[] beta, double[] margin, double[] gradient, double[] hessian) {
            int d = columns + 1;
            Arrays.fill(gradient, 0);
            Arrays.fill(hessian, 0);
            for (int i = 0; i < rows; i++) {
                double p = Vectors.logistic(margin[i]);
                double g = w[i] * (p - (y[i] > 0 ? 1 : 0));
                double h = w[i] * p * (1 - p);
                int row = i * columns;
                for (int j = 0; j < columns; j++) {
                    double xj = x[row + j];
                    gradient[j] += g * xj;
                    double hx = h * xj;
                    for (int k = 0; k <= j; k++) {
                        hessian[j * d + k] += hx * x[row + k];
                    }
                    hessian[columns * d + j] += hx;
                }
                gradient[columns] += g;
                hessian[columns * d + columns] += h;
            }
            for (int j = 0; j < columns; j++) {
                gradient[j] += ridge * beta[j];
                hessian[j * d + j] += ridge;
            }
        }
    }

    /** Solves a·x = b for a symmetric positive definite matrix given by its lower half, which is overwritten. */
    static double[] cholesky(double[] a, double[] b, int d) {
        double[] z = b.clone();
        for (int j = 0; j < d; j++) {
            for (int k = 0; k <= j; k++) {
                double sum = a[j * d + k];
                for (int l = 0; l < k; l++) {
                    sum -= a[j * d + l] * a[k * d + l];
                }
                // The floor only matters when rounding has eaten the intercept's curvature.
                a[j * d + k] = j == k ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[k * d + k];
            }
        }
        for (int j = 0; j < d; j++) {
            for (int l = 0; l < j; l++) {
                z[j] -= a[j * d + l] * z[l];
            }
            z[j] /= a[j * d + j];
        }
        for (int j = d - 1; j >= 0; j--) {
            for (int l = j + 1; l < d; l++) {
                z[j] -= a[l * d + j] * z[l];
            }
            z[j] /= a[j * d + j];
        }
        return z;
    }

    /** A fitted logistic regression. Immutable. */
    public static final class Model implements Scorer {
        private final double[] coefficients;
        private final double intercept;
        private final boolean converged;

        private Model(double[] coefficients, double intercept, boolean converged) {
            this.coefficients = coefficients;
            this.intercept = intercept;
            this.converged = converged;
        }

        @Override
        public double[] scores(double[] features) {
            int columns = coefficients.length;
            int n = Checks.features("features", features, columns);
            double[] scores = new double[n];
            for (int i = 0; i < n; i++) {
                double m = intercept;
                for (int j = 0; j < columns; j++) {
                    m += coefficients[j] * features[i * columns + j];
                }
                scores[i] = m == Double.NEGATIVE_INFINITY ? 0 : Vectors.logistic(m);
            }
            return scores;
        }

        /**
         * Returns the coefficients in the units of the features.
         *
         * @return a copy
         */
        public double[] coefficients() {
            return coefficients.clone();
        }

        /**
         * Returns the intercept in the units of the features.
         *
         * @return infinite if all weighted rows had one label
         */
        public double intercept() {
            return intercept;
        }

        /**
         * Tells whether Newton's method reached the minimum within its steps.
         *
         * @return whether it converged
         */
        public boolean converged() {
            return converged;
        }
    }
}
