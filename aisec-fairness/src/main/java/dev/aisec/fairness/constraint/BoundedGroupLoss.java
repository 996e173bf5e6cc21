// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.exception.MathIllegalStateException;
import org.apache.commons.math3.optim.MaxIter;
import org.apache.commons.math3.optim.linear.LinearConstraint;
import org.apache.commons.math3.optim.linear.LinearConstraintSet;
import org.apache.commons.math3.optim.linear.LinearObjectiveFunction;
import org.apache.commons.math3.optim.linear.NonNegativeConstraint;
import org.apache.commons.math3.optim.linear.Relationship;
import org.apache.commons.math3.optim.linear.SimplexSolver;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.jspecify.annotations.Nullable;

/**
 * Bounded group loss for predicted numbers and probabilities: the linear model of least mean loss among those whose mean loss
 * is at most the bound in every group. {@link FairnessConstraint#BOUNDED_GROUP_LOSS} is the same for wrong decisions.
 *
 * <p>Guarantee: the {@link SaddleCertificate} of the model, with mean loss plus penalty in place of the error. As loss and
 * penalty are convex, the lower bound is one on every linear model that keeps the bound, and the answer does not randomise:
 * the mean of models loses at most what their mixture loses. Each question is answered by Newton's method; the lower bound
 * allows for its decrement, and for the smoothing of the absolute loss. On the training rows only. If no model keeps the
 * bound, the certificate's violation is above 0.
 *
 * <p>Assumption: rows are independent; the group is not needed at prediction unless it is among the features.
 *
 * <p>Method: cutting planes for the multipliers λ of max over λ of min over models of loss + Σ λ·(loss of group − bound);
 * the inner minimum is a fit with weights 1/n + λ/n of the group. Source: Agarwal, Dudík, Wu, "Fair regression: quantitative
 * definitions and reduction-based algorithms", ICML 2019, section 3.2 (the reduction to weighted loss minimisation);
 * Kelley, "The cutting-plane method for solving convex programs", SIAM Journal 8, 1960. Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param loss the loss
 * @param bound most mean loss of a group; at least 0
 * @param ridge half of it times the squared coefficients, of standardised features, is added to the loss; positive
 * @param tolerance dual gap to stop at; positive
 * @param multiplierBound B, largest sum of multipliers; positive
 * @param rounds most rounds; at least 1
 */
public record BoundedGroupLoss(
        Kind loss, double bound, double ridge, double tolerance, double multiplierBound, int rounds) {
    private static final int NEWTON = 200;
    private static final double ACCURACY = 1e-13;

    /** A convex loss of a prediction. */
    public enum Kind {
        /** (prediction − target)². */
        SQUARED {
            @Override
            double loss(double m, double y, double smooth) {
                return (m - y) * (m - y);
            }

            @Override
            double slope(double m, double y, double smooth) {
                return 2 * (m - y);
            }

            @Override
            double curvature(double m, double y, double smooth) {
                return 2;
            }
        },
        /** |prediction − target|. */
        ABSOLUTE {
            @Override
            double loss(double m, double y, double smooth) {
                return smooth == 0 ? Math.abs(m - y) : Math.hypot(m - y, smooth);
            }

            @Override
            double slope(double m, double y, double smooth) {
                return (m - y) / Math.hypot(m - y, smooth);
            }

            @Override
            double curvature(double m, double y, double smooth) {
                double l = Math.hypot(m - y, smooth);
                return smooth / l * (smooth / l) / l;
            }
        },
        /** Cross-entropy of a target in [0, 1] and the logistic function of the linear model, in nats. */
        LOGISTIC {
            @Override
            double loss(double m, double y, double smooth) {
                return Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m))) - y * m;
            }

            @Override
            double slope(double m, double y, double smooth) {
                return logistic(m) - y;
            }

            @Override
            double curvature(double m, double y, double smooth) {
                double p = logistic(m);
                return p * (1 - p);
            }
        };

        abstract double loss(double m, double y, double smooth);

        abstract double slope(double m, double y, double smooth);

        abstract double curvature(double m, double y, double smooth);
    }

    /** Checks the components. */
    public BoundedGroupLoss {
        requirePositive("ridge", ridge);
        requirePositive("tolerance", tolerance);
        requirePositive("multiplierBound", multiplierBound);
        if (!(bound >= 0 && bound < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bound must be >= 0 and finite, was " + bound);
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds must be >= 1, was " + rounds);
        }
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    /**
     * With usual settings.
     *
     * @param loss the loss
     * @param bound most mean loss of a group; at least 0
     * @return ridge 10⁻⁶, tolerance 10⁻³, multipliers up to 100, 200 rounds
     */
    public static BoundedGroupLoss of(Kind loss, double bound) {
        return new BoundedGroupLoss(loss, bound, 1e-6, 1e-3, 100, 200);
    }

    /**
     * Another tolerance.
     *
     * @param changed positive
     * @return the same with that tolerance
     */
    public BoundedGroupLoss withTolerance(double changed) {
        return new BoundedGroupLoss(loss, bound, ridge, changed, multiplierBound, rounds);
    }

    /**
     * Fits the model.
     *
     * @param features row-major; finite
     * @param columns number of columns; at least 1
     * @param space the groups
     * @param groups the group of each row, at least one row; groups without rows are not constrained
     * @param targets finite; in [0, 1] for the logistic loss; one for each row
     * @return the model with its certificate
     */
    public Model fit(double[] features, int columns, GroupSpace space, int[] groups, double[] targets) {
        int n = Checks.features("features", features, columns);
        if (n < 1 || groups.length != n || targets.length != n) {
            throw new IllegalArgumentException("groups and targets must be as many as rows of features, " + n
                    + ", at least 1, were " + groups.length + " and " + targets.length);
        }
        int size = space.size();
        for (int i = 0; i < n; i++) {
            boolean inside = loss != Kind.LOGISTIC || targets[i] >= 0 && targets[i] <= 1;
            if (!(Math.abs(targets[i]) <= 1e100 && inside)) {
                throw new IllegalArgumentException("targets must be finite, at most 1e100 in size"
                        + (loss == Kind.LOGISTIC ? " and in [0, 1]" : "") + ", row " + i + " was " + targets[i]);
            }
            if (groups[i] < 0 || groups[i] >= size) {
                throw new IllegalArgumentException(
                        "groups must be in [0, " + size + "), row " + i + " was " + groups[i]);
            }
        }
        return new Problem(features, columns, size, groups, targets).solve();
    }

    private static double logistic(double m) {
        return m >= 0 ? 1 / (1 + Math.exp(-m)) : Math.exp(m) / (1 + Math.exp(m));
    }

    /** A model by its standardised coefficients, the intercept last; losses overall, with the penalty, and by group. */
    private record Candidate(double[] beta, double mean, double penalty, double[] byGroup) {
        double objective() {
            return mean + penalty;
        }
    }

    private final class Problem {
        private final int columns;
        private final int n;
        private final int[] groups;
        private final double[] targets;
        private final double[] x;
        private final double[] centre;
        private final double[] deviation;
        private final double[] rows;
        private final double smooth;
        private final List<Candidate> found = new ArrayList<>();
        private double[] start;
        private double lower = Double.NEGATIVE_INFINITY;

        Problem(double[] features, int columns, int size, int[] groups, double[] targets) {
            this.columns = columns;
            this.n = groups.length;
            this.groups = groups;
            this.targets = targets;
            // Smoothing adds at most so much to the loss of a row.
            smooth = loss == Kind.ABSOLUTE ? tolerance / 4 / (1 + multiplierBound) : 0;
            x = features.clone();
            centre = new double[columns];
            deviation = new double[columns];
            rows = new double[size];
            start = new double[columns + 1];
            for (int i = 0; i < n; i++) {
                rows[groups[i]]++;
                for (int j = 0; j < columns; j++) {
                    centre[j] += x[i * columns + j] / n;
                }
            }
            for (int i = 0; i < n * columns; i++) {
                double d = x[i] - centre[i % columns];
                deviation[i % columns] += d * d / n;
            }
            for (int j = 0; j < columns; j++) {
                double d = Math.sqrt(deviation[j]);
                deviation[j] = d > 1e-12 * Math.abs(centre[j]) ? d : 0;
            }
            for (int i = 0; i < n * columns; i++) {
                int j = i % columns;
                x[i] = deviation[j] == 0 ? 0 : (x[i] - centre[j]) / deviation[j];
            }
        }

        Model solve() {
            double[] asked = new double[rows.length];
            double[] best = asked;
            @Nullable Candidate chosen = null;
            double upper = Double.POSITIVE_INFINITY;
            int fits = 0;
            for (int round = 0; round < rounds; round++) {
                double before = lower;
                found.add(answer(asked));
                fits++;
                best = lower > before ? asked : best;
                for (Candidate candidate : List.of(found.get(found.size() - 1), mixture())) {
                    double value = candidate.objective() + multiplierBound * Math.max(0, violation(candidate));
                    if (value < upper) {
                        upper = value;
                        chosen = candidate;
                    }
                }
                if (upper - lower <= tolerance) {
                    break;
                }
                double[] hardest = hardest();
                if (hardest == null) {
                    break;
                }
                // Every other question half way back to the best one so far: the planes alone swing widely.
                double[] next = hardest;
                if (round % 2 == 1) {
                    next = new double[hardest.length];
                    for (int g = 0; g < next.length; g++) {
                        next[g] = (hardest[g] + best[g]) / 2;
                    }
                }
                asked = next;
            }
            Candidate model = chosen == null ? found.get(0) : chosen;
            double[] coefficients = new double[columns];
            double intercept = model.beta[columns];
            for (int j = 0; j < columns; j++) {
                coefficients[j] = deviation[j] == 0 ? 0 : model.beta[j] / deviation[j];
                intercept -= coefficients[j] * centre[j];
            }
            return new Model(
                    loss,
                    coefficients,
                    intercept,
                    model.byGroup,
                    new SaddleCertificate(
                            model.mean, violation(model), lower, Math.max(upper, lower), 0, multiplierBound, fits));
        }

        private double violation(Candidate candidate) {
            double worst = Double.NEGATIVE_INFINITY;
            for (int g = 0; g < rows.length; g++) {
                worst = rows[g] > 0 ? Math.max(worst, candidate.byGroup[g] - bound) : worst;
            }
            return worst;
        }

        /** The best model under multipliers, which also bounds the value of the game from below. */
        private Candidate answer(double[] multipliers) {
            double[] weights = new double[n];
            double sum = 0;
            for (int g = 0; g < rows.length; g++) {
                sum += multipliers[g];
            }
            for (int i = 0; i < n; i++) {
                weights[i] = 1.0 / n + multipliers[groups[i]] / rows[groups[i]];
            }
            int d = columns + 1;
            double[] beta = start.clone();
            double value = value(beta, weights);
            double decrement = 0;
            for (int step = 0; step < NEWTON; step++) {
                double[] gradient = new double[d];
                double[] hessian = new double[d * d];
                derive(beta, weights, gradient, hessian);
                double[] direction = LogisticRegression.cholesky(hessian, gradient, d);
                decrement = 0;
                for (int j = 0; j < d; j++) {
                    decrement += direction[j] * gradient[j];
                }
                if (decrement <= ACCURACY * (1 + Math.abs(value))) {
                    break;
                }
                double length = 1;
                double[] next = beta;
                double reached = value;
                for (int halving = 0; halving < 60; halving++, length /= 2) {
                    double[] trial = beta.clone();
                    for (int j = 0; j < d; j++) {
                        trial[j] -= length * direction[j];
                    }
                    double at = value(trial, weights);
                    if (at <= value - 1e-4 * length * decrement) {
                        next = trial;
                        reached = at;
                        break;
                    }
                }
                if (!(reached < value)) {
                    break;
                }
                beta = next;
                value = reached;
            }
            start = beta;
            double bonus = smooth * (1 + sum);
            lower = Math.max(lower, value - Math.max(0, decrement) - bonus - bound * sum);
            return candidate(beta);
        }

        private double margin(double[] beta, int i) {
            double m = beta[columns];
            for (int j = 0; j < columns; j++) {
                m += beta[j] * x[i * columns + j];
            }
            return m;
        }

        private double penalty(double[] beta) {
            double norm = 0;
            for (int j = 0; j < columns; j++) {
                norm += beta[j] * beta[j];
            }
            return ridge / 2 * norm;
        }

        private double value(double[] beta, double[] weights) {
            double sum = penalty(beta);
            for (int i = 0; i < n; i++) {
                sum += weights[i] * loss.loss(margin(beta, i), targets[i], smooth);
            }
            return sum;
        }

        private void derive(double[] beta, double[] weights, double[] gradient, double[] hessian) {
            int d = columns + 1;
            for (int i = 0; i < n; i++) {
                double m = margin(beta, i);
                double g = weights[i] * loss.slope(m, targets[i], smooth);
                double h = weights[i] * loss.curvature(m, targets[i], smooth);
                for (int j = 0; j < d; j++) {
                    double xj = j < columns ? x[i * columns + j] : 1;
                    gradient[j] += g * xj;
                    for (int k = 0; k <= j; k++) {
                        hessian[j * d + k] += h * xj * (k < columns ? x[i * columns + k] : 1);
                    }
                }
            }
            for (int j = 0; j < columns; j++) {
                gradient[j] += ridge * beta[j];
                hessian[j * d + j] += ridge;
            }
        }

        private Candidate candidate(double[] beta) {
            double mean = 0;
            double[] byGroup = new double[rows.length];
            for (int i = 0; i < n; i++) {
                double l = loss.loss(margin(beta, i), targets[i], 0);
                mean += l / n;
                byGroup[groups[i]] += l / rows[groups[i]];
            }
            return new Candidate(beta, mean, penalty(beta), byGroup);
        }

        /** The mean model of the best mixture. */
        private Candidate mixture() {
            int k = found.size();
            double[] objective = new double[k + 1];
            double[] one = new double[k + 1];
            objective[k] = multiplierBound;
            for (int h = 0; h < k; h++) {
                objective[h] = found.get(h).objective();
                one[h] = 1;
            }
            List<LinearConstraint> constraints = new ArrayList<>();
            constraints.add(new LinearConstraint(one, Relationship.EQ, 1));
            for (int g = 0; g < rows.length; g++) {
                if (rows[g] > 0) {
                    double[] row = new double[k + 1];
                    for (int h = 0; h < k; h++) {
                        row[h] = found.get(h).byGroup[g] - bound;
                    }
                    row[k] = -1;
                    constraints.add(new LinearConstraint(row, Relationship.LEQ, 0));
                }
            }
            double[] point = linear(objective, constraints, GoalType.MINIMIZE);
            if (point == null) {
                return found.get(k - 1);
            }
            double sum = 0;
            double[] beta = new double[columns + 1];
            for (int h = 0; h < k; h++) {
                sum += Math.max(0, point[h]);
            }
            for (int h = 0; h < k; h++) {
                for (int j = 0; j <= columns; j++) {
                    beta[j] += Math.max(0, point[h]) / sum * found.get(h).beta[j];
                }
            }
            return candidate(beta);
        }

        /** The multipliers that are hardest for what was found. */
        private double @Nullable [] hardest() {
            int k = rows.length;
            double[] objective = new double[k + 2];
            objective[k] = 1;
            objective[k + 1] = -1;
            double[] total = new double[k + 2];
            Arrays.fill(total, 0, k, 1);
            List<LinearConstraint> constraints = new ArrayList<>();
            constraints.add(new LinearConstraint(total, Relationship.LEQ, multiplierBound));
            for (Candidate candidate : found) {
                double[] row = new double[k + 2];
                for (int g = 0; g < k; g++) {
                    row[g] = rows[g] > 0 ? bound - candidate.byGroup[g] : 0;
                }
                row[k] = 1;
                row[k + 1] = -1;
                constraints.add(new LinearConstraint(row, Relationship.LEQ, candidate.objective()));
            }
            double[] point = linear(objective, constraints, GoalType.MAXIMIZE);
            if (point == null) {
                return null;
            }
            double[] multipliers = new double[k];
            double sum = 0;
            for (int g = 0; g < k; g++) {
                multipliers[g] = rows[g] > 0 ? Math.max(0, point[g]) : 0;
                sum += multipliers[g];
            }
            for (int g = 0; g < k && sum > multiplierBound; g++) {
                multipliers[g] *= multiplierBound / sum;
            }
            return multipliers;
        }
    }

    private static double @Nullable [] linear(double[] objective, List<LinearConstraint> constraints, GoalType goal) {
        try {
            return new SimplexSolver(1e-10, 10, 1e-11)
                    .optimize(
                            new MaxIter(20_000),
                            new LinearObjectiveFunction(objective, 0),
                            new LinearConstraintSet(constraints),
                            goal,
                            new NonNegativeConstraint(true))
                    .getPoint();
        } catch (MathIllegalStateException e) {
            return null;
        }
    }

    /** A linear model with its certificate. Immutable. */
    public static final class Model {
        private final Kind loss;
        private final double[] coefficients;
        private final double intercept;
        private final double[] groupLosses;
        private final SaddleCertificate certificate;

        private Model(
                Kind loss,
                double[] coefficients,
                double intercept,
                double[] groupLosses,
                SaddleCertificate certificate) {
            this.loss = loss;
            this.coefficients = coefficients;
            this.intercept = intercept;
            this.groupLosses = groupLosses;
            this.certificate = certificate;
        }

        /**
         * Predicts.
         *
         * @param features row-major, columns as fitted; finite
         * @return a number for each row; for the logistic loss a probability
         */
        public double[] predict(double[] features) {
            int columns = coefficients.length;
            int n = Checks.features("features", features, columns);
            double[] result = new double[n];
            for (int i = 0; i < n; i++) {
                double m = intercept;
                for (int j = 0; j < columns; j++) {
                    m += coefficients[j] * features[i * columns + j];
                }
                result[i] = loss == Kind.LOGISTIC ? logistic(m) : m;
            }
            return result;
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
         * @return finite
         */
        public double intercept() {
            return intercept;
        }

        /**
         * Returns the mean loss of each group on the training rows.
         *
         * @return a copy; 0 for a group without rows
         */
        public double[] groupLosses() {
            return groupLosses.clone();
        }

        /**
         * Returns how near it is to the best model that keeps the bound, on the training rows.
         *
         * @return the certificate; its error is the mean loss
         */
        public SaddleCertificate certificate() {
            return certificate;
        }
    }
}
