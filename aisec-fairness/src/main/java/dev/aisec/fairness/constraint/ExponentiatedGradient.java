// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;

/**
 * Exponentiated gradient: the randomised classifier of least error under a fairness constraint, for any learner of weighted
 * classification.
 *
 * <p>A game: multipliers punish the violated constraints, and the learner answers with a classifier for the resulting weights. After
 * each round a linear program mixes the classifiers found so far as well as can be, its dual gives the hardest multipliers, and the
 * learner is asked about these too. (With more than 1,000 constraints the plain averages of the source take their place.) A learner that proves inexact is
 * asked at fractions and multiples of them as well. The rounds end when the {@link SaddleCertificate#gap() dual gap} is at most the tolerance, or when
 * they are used up; the certificate tells.
 *
 * <p>Guarantee: see {@link SaddleCertificate}. It holds on the training rows and relative to the learner; check other rows with
 * {@link RandomizedClassifier#deviation}. The group is not needed at decision time unless it is among the features.
 *
 * <p>Source: Agarwal, Beygelzimer, Dudík, Langford and Wallach, "A reductions approach to fair classification", ICML 2018, algorithm
 * 1. The linear program over the found classifiers is Dantzig and Wolfe, "Decomposition principle for linear programs", Operations
 * Research 8, 1960. Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param constraint what must be alike
 * @param bound how far it may be off: deviation of a group from overall, or the loss of a group; in [0, 1]
 * @param learner the learner
 * @param tolerance dual gap to stop at; positive
 * @param multiplierBound B, largest sum of multipliers: how dear a violation is against error; positive. Literature: 1/bound
 * @param rounds most rounds; at least 1; each asks the learner twice, an inexact one up to nine times
 */
public record ExponentiatedGradient(
        FairnessConstraint constraint,
        double bound,
        CostSensitiveLearner learner,
        double tolerance,
        double multiplierBound,
        int rounds) {
    private static final double STEP = 2;
    private static final double[] AROUND = {0.2, 0.4, 0.6, 0.8, 1.2, 1.5, 2};

    /** Checks the components. */
    public ExponentiatedGradient {
        Checks.share("bound", bound);
        Checks.positive("tolerance", tolerance);
        Checks.positive("multiplierBound", multiplierBound);
        Checks.atLeast("rounds", 1, rounds);
    }

    /**
     * The literature's settings with the built-in logistic regression.
     *
     * @param constraint what must be alike
     * @param bound how far it may be off, in [0, 1]
     * @return tolerance 0.001, multipliers up to 100, 50 rounds
     */
    public static ExponentiatedGradient of(FairnessConstraint constraint, double bound) {
        return new ExponentiatedGradient(constraint, bound, LogisticRegression.standard(), 1e-3, 100, 50);
    }

    /**
     * Another learner.
     *
     * @param changed the learner
     * @return the same with that learner
     */
    public ExponentiatedGradient withLearner(CostSensitiveLearner changed) {
        return new ExponentiatedGradient(constraint, bound, changed, tolerance, multiplierBound, rounds);
    }

    /**
     * Another tolerance.
     *
     * @param changed positive
     * @return the same with that tolerance
     */
    public ExponentiatedGradient withTolerance(double changed) {
        return new ExponentiatedGradient(constraint, bound, learner, changed, multiplierBound, rounds);
    }

    /**
     * Another number of rounds.
     *
     * @param changed at least 1
     * @return the same with that number
     */
    public ExponentiatedGradient withRounds(int changed) {
        return new ExponentiatedGradient(constraint, bound, learner, tolerance, multiplierBound, changed);
    }

    /**
     * Fits the classifier.
     *
     * @param features row-major; finite. With the group among them if the classifier shall use it
     * @param columns number of columns
     * @param rows group, label and weight of each row
     * @return the classifier with its certificate
     */
    public RandomizedClassifier fit(double[] features, int columns, GroupedRows rows) {
        Moments moments = new Moments(constraint, bound, rows);
        Lagrangian game = new Lagrangian(features, columns, rows, moments, learner, multiplierBound);
        double[] theta = new double[moments.constraints()];
        double[] mean = new double[theta.length];
        int[] played = new int[(2 + AROUND.length) * rounds];
        double[] mixture = {};
        double upper = Double.POSITIVE_INFINITY;
        for (int round = 1; round <= rounds; round++) {
            // The first question is the plain one, without multipliers.
            double[] asked = round == 1 ? new double[theta.length] : multipliers(theta);
            Lagrangian.Hypothesis answer = game.answer(asked);
            played[game.found().indexOf(answer)]++;
            for (int j = 0; j < theta.length; j++) {
                theta[j] += STEP / multiplierBound * answer.violations()[j];
            }
            double[] hardest = game.hardestMultipliers();
            for (int j = 0; j < theta.length; j++) {
                mean[j] += asked[j];
            }
            game.answer(hardest != null ? hardest : scaled(mean, 1.0 / round));
            double before = upper;
            for (int pass = 0; pass < 2; pass++) {
                double[] best = game.bestMixture();
                if (best == null) {
                    best = average(played, game.found().size(), round);
                }
                double value = game.upper(best);
                if (value <= upper) {
                    mixture = best;
                    upper = value;
                }
                boolean closed = upper - game.lower() <= tolerance;
                if (pass == 1 || !closed || hardest == null || game.shortfall() <= tolerance) {
                    break;
                }
                // The learner is not exact, so a closed gap may mean little: look around.
                for (double factor : AROUND) {
                    game.answer(scaled(hardest, Math.min(factor, room(hardest))));
                }
            }
            boolean settled = game.shortfall() <= tolerance || before - upper <= tolerance;
            if (settled && upper - game.lower() <= tolerance) {
                break;
            }
        }
        return RandomizedClassifier.of(constraint, bound, multiplierBound, game, moments, mixture);
    }

    private double[] multipliers(double[] theta) {
        double max = 0;
        for (double t : theta) {
            max = Math.max(max, t);
        }
        double[] multipliers = new double[theta.length];
        double sum = Math.exp(-max);
        for (int j = 0; j < theta.length; j++) {
            multipliers[j] = Math.exp(theta[j] - max);
            sum += multipliers[j];
        }
        for (int j = 0; j < theta.length; j++) {
            multipliers[j] *= multiplierBound / sum;
        }
        return multipliers;
    }

    /** By how much the multipliers can grow before their sum is at its bound. */
    private double room(double[] multipliers) {
        double sum = Arrays.stream(multipliers).sum();
        return sum > 0 ? multiplierBound / sum : 1;
    }

    private static double[] scaled(double[] sum, double factor) {
        double[] result = new double[sum.length];
        Arrays.setAll(result, j -> sum[j] * factor);
        return result;
    }

    private static double[] average(int[] played, int found, int rounds) {
        double[] mixture = new double[found];
        Arrays.setAll(mixture, h -> (double) played[h] / rounds);
        return mixture;
    }
}
