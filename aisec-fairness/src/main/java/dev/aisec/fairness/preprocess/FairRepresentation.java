// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Vectors;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Learned fair representation: each row becomes a soft membership in a few prototypes, learned so that all groups have the same mean
 * memberships, rows can be rebuilt from them, and labels predicted.
 *
 * <p>The objective is a weighted sum, not a constraint: it bounds nothing, and it is not convex, so that another seed may give another
 * answer. Measure the result. The map of new rows does not need the group.
 *
 * <p>Formula: membership m_k(x) = softmax_k(−Σ_j α_j (x_j − v_kj)²), rebuilt row x̂ = Σ m_k v_k, score ŷ = Σ m_k w_k; minimise
 * parity·(mean over pairs of groups of Σ_k |m̄_k^g − m̄_k^h|) + reconstruction·(mean |x − x̂|²) + prediction·(mean log-loss of ŷ), on
 * standardised features; v, w ∈ (0, 1) and α > 0 are learned by a quasi-Newton method. The absolute value is rounded off within 10⁻³.
 * Means instead of the source's sums over rows, and one α for all groups.
 *
 * <p>Source: Zemel, Wu, Swersky, Pitassi and Dwork, "Learning fair representations", ICML 2013. Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 *
 * @param prototypes number of prototypes; at least 2
 * @param parity weight of equal memberships; at least 0
 * @param reconstruction weight of the rebuilt rows; at least 0
 * @param prediction weight of the log-loss; at least 0
 * @param iterations most steps of the optimiser; at least 1
 * @param seed seed of the start
 */
public record FairRepresentation(
        int prototypes, double parity, double reconstruction, double prediction, int iterations, Seed seed) {
    private static final double CORNER = 1e-3;
    private static final double ACCURACY = 1e-5;

    /** Checks the components. */
    public FairRepresentation {
        Checks.atLeast("prototypes", 2, prototypes);
        Checks.notNegative("parity", parity);
        Checks.notNegative("reconstruction", reconstruction);
        Checks.notNegative("prediction", prediction);
        Checks.atLeast("iterations", 1, iterations);
    }

    /**
     * Usual settings.
     *
     * @param seed seed of the start
     * @return 10 prototypes, weights 2, 0.01 and 1 (one of the points of the source's grid), 200 steps
     */
    public static FairRepresentation of(Seed seed) {
        return new FairRepresentation(10, 2, 0.01, 1, 200, seed);
    }

    /**
     * Another number of prototypes.
     *
     * @param changed at least 2
     * @return the same with that number
     */
    public FairRepresentation withPrototypes(int changed) {
        return new FairRepresentation(changed, parity, reconstruction, prediction, iterations, seed);
    }

    /**
     * Other weights.
     *
     * @param equal weight of equal memberships
     * @param rebuilt weight of the rebuilt rows
     * @param predicted weight of the log-loss
     * @return the same with those weights
     */
    public FairRepresentation withWeights(double equal, double rebuilt, double predicted) {
        return new FairRepresentation(prototypes, equal, rebuilt, predicted, iterations, seed);
    }

    /**
     * Learns the representation.
     *
     * @param features row-major; finite
     * @param columns number of columns
     * @param rows group, label and weight of each row; some weight must be positive
     * @return the fitted representation
     */
    public Fitted fit(double[] features, int columns, GroupedRows rows) {
        Problem problem = problem(features, columns, rows);
        Lbfgs.Result result = Lbfgs.minimize(problem::evaluate, problem.start(seed), iterations, ACCURACY);
        return new Fitted(this, problem.mean, problem.deviation, result);
    }

    Problem problem(double[] features, int columns, GroupedRows rows) {
        Checks.features(features, columns, rows);
        return new Problem(this, features, columns, rows);
    }

    /** Memberships of one standardised row. Parameters: prototypes row-major, then logits of w, then logarithms of α. */
    private static void memberships(
            double[] parameters,
            int prototypes,
            int columns,
            double[] x,
            int from,
            double[] alpha,
            double[] m,
            int to) {
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < prototypes; k++) {
            double distance = 0;
            for (int j = 0; j < columns; j++) {
                double d = x[from + j] - parameters[k * columns + j];
                distance += alpha[j] * d * d;
            }
            m[to + k] = distance;
            least = Math.min(least, distance);
        }
        double sum = 0;
        for (int k = 0; k < prototypes; k++) {
            m[to + k] = Math.exp(least - m[to + k]);
            sum += m[to + k];
        }
        for (int k = 0; k < prototypes; k++) {
            m[to + k] /= sum;
        }
    }

    private static double[] alpha(double[] parameters, int prototypes, int columns) {
        double[] alpha = new double[columns];
        Arrays.setAll(alpha, j -> Math.exp(parameters[prototypes * (columns + 1) + j]));
        return alpha;
    }

    /** The objective. */
    static final class Problem {
        private final FairRepresentation settings;
        private final int n;
        private final int columns;
        private final double[] x;
        private final double[] share;
        private final int[] group;
        private final boolean[] label;
        private final double[] groupShare;
        private final double[] mean;
        private final double[] deviation;
        private final double[] m;
        private final double[] slope;

        private Problem(FairRepresentation settings, double[] features, int columns, GroupedRows rows) {
            this.settings = settings;
            this.columns = columns;
            n = rows.size();
            x = features.clone();
            share = rows.weights();
            double total = Arrays.stream(share).sum();
            Checks.total(total);
            label = new boolean[n];
            int[] number = new int[rows.space().size()];
            double[] byGroup = new double[number.length];
            for (int i = 0; i < n; i++) {
                share[i] /= total;
                label[i] = rows.favourable(i);
                byGroup[rows.group(i)] += share[i];
            }
            // Groups without weight are left out of the pairs.
            int present = 0;
            for (int g = 0; g < number.length; g++) {
                number[g] = byGroup[g] > 0 ? present++ : 0;
            }
            groupShare = Arrays.stream(byGroup).filter(s -> s > 0).toArray();
            group = new int[n];
            Arrays.setAll(group, i -> number[rows.group(i)]);
            mean = new double[columns];
            deviation = new double[columns];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < columns; j++) {
                    mean[j] += share[i] * x[i * columns + j];
                }
            }
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < columns; j++) {
                    double d = x[i * columns + j] - mean[j];
                    deviation[j] += share[i] * d * d;
                }
            }
            for (int j = 0; j < columns; j++) {
                double d = Math.sqrt(deviation[j]);
                deviation[j] = d > 1e-12 * Math.abs(mean[j]) ? d : 1;
            }
            for (int i = 0; i < x.length; i++) {
                x[i] = (x[i] - mean[i % columns]) / deviation[i % columns];
            }
            m = new double[n * settings.prototypes];
            slope = new double[settings.prototypes];
        }

        double[] start(Seed seed) {
            int k = settings.prototypes;
            double[] start = new double[k * (columns + 1) + columns];
            RandomGenerator random = seed.generator(0);
            for (int p = 0; p < k * columns; p++) {
                start[p] = random.nextGaussian();
            }
            for (int p = k * columns; p < k * (columns + 1); p++) {
                start[p] = random.nextDouble(-1, 1);
            }
            Arrays.fill(start, k * (columns + 1), start.length, -Math.log(columns));
            return start;
        }

        double evaluate(double[] parameters, double[] gradient) {
            int k = settings.prototypes;
            int d = columns;
            Arrays.fill(gradient, 0);
            double[] alpha = alpha(parameters, k, d);
            double[] w = new double[k];
            Arrays.setAll(w, p -> Vectors.logistic(parameters[k * d + p]));
            double[] means = new double[groupShare.length * k];
            for (int i = 0; i < n; i++) {
                if (share[i] > 0) {
                    memberships(parameters, k, d, x, i * d, alpha, m, i * k);
                    for (int p = 0; p < k; p++) {
                        means[group[i] * k + p] += share[i] / groupShare[group[i]] * m[i * k + p];
                    }
                }
            }
            double[] parityGradient = new double[means.length];
            double value = parity(means, parityGradient);
            double[] rebuilt = new double[d];
            for (int i = 0; i < n; i++) {
                if (share[i] > 0) {
                    value += row(i, parameters, gradient, alpha, w, parityGradient, rebuilt);
                }
            }
            return value;
        }

        private double parity(double[] means, double[] gradient) {
            int k = settings.prototypes;
            int groups = groupShare.length;
            if (groups < 2) {
                return 0;
            }
            double factor = settings.parity * 2 / ((double) groups * (groups - 1));
            double value = 0;
            for (int g = 0; g < groups; g++) {
                for (int h = 0; h < g; h++) {
                    for (int p = 0; p < k; p++) {
                        double gap = means[g * k + p] - means[h * k + p];
                        double size = Math.sqrt(gap * gap + CORNER * CORNER);
                        value += factor * (size - CORNER);
                        gradient[g * k + p] += factor * gap / size;
                        gradient[h * k + p] -= factor * gap / size;
                    }
                }
            }
            return value;
        }

        private double row(
                int i,
                double[] parameters,
                double[] gradient,
                double[] alpha,
                double[] w,
                double[] parityGradient,
                double[] rebuilt) {
            int k = settings.prototypes;
            int d = columns;
            int at = i * d;
            Arrays.fill(rebuilt, 0);
            double score = 0;
            for (int p = 0; p < k; p++) {
                double membership = m[i * k + p];
                score += membership * w[p];
                for (int j = 0; j < d; j++) {
                    rebuilt[j] += membership * parameters[p * d + j];
                }
            }
            double distance = 0;
            for (int j = 0; j < d; j++) {
                rebuilt[j] -= x[at + j];
                distance += rebuilt[j] * rebuilt[j];
            }
            // The floor keeps the logarithm finite when w has run to 0 or 1.
            double likelihood = Math.max(1e-12, label[i] ? score : 1 - score);
            double value = share[i] * (settings.reconstruction * distance - settings.prediction * Math.log(likelihood));
            double scoreSlope = settings.prediction * share[i] * (label[i] ? -1 : 1) / likelihood;
            double mean = 0;
            for (int p = 0; p < k; p++) {
                double inner = 0;
                for (int j = 0; j < d; j++) {
                    inner += rebuilt[j] * parameters[p * d + j];
                }
                slope[p] = share[i] / groupShare[group[i]] * parityGradient[group[i] * k + p]
                        + 2 * settings.reconstruction * share[i] * inner
                        + scoreSlope * w[p];
                mean += m[i * k + p] * slope[p];
            }
            for (int p = 0; p < k; p++) {
                double membership = m[i * k + p];
                double down = -membership * (slope[p] - mean);
                double direct = 2 * settings.reconstruction * share[i] * membership;
                for (int j = 0; j < d; j++) {
                    double gap = x[at + j] - parameters[p * d + j];
                    gradient[p * d + j] += direct * rebuilt[j] - 2 * down * alpha[j] * gap;
                    gradient[k * (d + 1) + j] += down * alpha[j] * gap * gap;
                }
                gradient[k * d + p] += scoreSlope * membership * w[p] * (1 - w[p]);
            }
            return value;
        }
    }

    /** A learned representation. Immutable. */
    public static final class Fitted {
        private final int prototypes;
        private final double[] mean;
        private final double[] deviation;
        private final double[] parameters;
        private final double[] alpha;
        private final double objective;
        private final boolean converged;

        private Fitted(FairRepresentation settings, double[] mean, double[] deviation, Lbfgs.Result result) {
            prototypes = settings.prototypes;
            this.mean = mean;
            this.deviation = deviation;
            parameters = result.point();
            alpha = alpha(parameters, prototypes, mean.length);
            objective = result.value();
            converged = result.converged();
        }

        /**
         * The soft membership of each row in each prototype: the representation itself.
         *
         * @param features row-major, columns as fitted; finite
         * @return row-major, a column for each prototype; each row sums to 1
         */
        public double[] memberships(double[] features) {
            int columns = mean.length;
            int n = Checks.features("features", features, columns);
            double[] x = new double[columns];
            double[] m = new double[n * prototypes];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < columns; j++) {
                    x[j] = (features[i * columns + j] - mean[j]) / deviation[j];
                }
                FairRepresentation.memberships(parameters, prototypes, columns, x, 0, alpha, m, i * prototypes);
            }
            return m;
        }

        /**
         * The rows rebuilt from their memberships, in the units of the features.
         *
         * @param features row-major, columns as fitted; finite
         * @return row-major, as many columns
         */
        public double[] transform(double[] features) {
            int columns = mean.length;
            double[] m = memberships(features);
            double[] result = new double[features.length];
            for (int i = 0; i < features.length / columns; i++) {
                for (int j = 0; j < columns; j++) {
                    double sum = 0;
                    for (int p = 0; p < prototypes; p++) {
                        sum += m[i * prototypes + p] * parameters[p * columns + j];
                    }
                    result[i * columns + j] = mean[j] + deviation[j] * sum;
                }
            }
            return result;
        }

        /**
         * The predicted probability of the favourable label.
         *
         * @param features row-major, columns as fitted; finite
         * @return in [0, 1], one for each row
         */
        public double[] scores(double[] features) {
            double[] m = memberships(features);
            double[] scores = new double[m.length / prototypes];
            for (int i = 0; i < scores.length; i++) {
                for (int p = 0; p < prototypes; p++) {
                    scores[i] += m[i * prototypes + p] * Vectors.logistic(parameters[prototypes * mean.length + p]);
                }
                scores[i] = Math.min(1, scores[i]);
            }
            return scores;
        }

        /**
         * Returns the objective at the end.
         *
         * @return the weighted sum on the fitted rows
         */
        public double objective() {
            return objective;
        }

        /**
         * Tells whether the optimiser reached a stationary point within its steps.
         *
         * @return whether it converged
         */
        public boolean converged() {
            return converged;
        }
    }
}
