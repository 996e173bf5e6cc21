// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.exception.MathIllegalStateException;
import org.apache.commons.math3.optim.MaxIter;
import org.apache.commons.math3.optim.PointValuePair;
import org.apache.commons.math3.optim.linear.LinearConstraint;
import org.apache.commons.math3.optim.linear.LinearConstraintSet;
import org.apache.commons.math3.optim.linear.LinearObjectiveFunction;
import org.apache.commons.math3.optim.linear.NonNegativeConstraint;
import org.apache.commons.math3.optim.linear.Relationship;
import org.apache.commons.math3.optim.linear.SimplexSolver;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.jspecify.annotations.Nullable;

/** The game between classifiers and multipliers: what was played so far, and the two bounds on its value. */
final class Lagrangian {
    /** A classifier by what counts of it. */
    record Hypothesis(Scorer scorer, double[] rates, double error, double[] violations) {
        double value(double[] multipliers) {
            double value = error;
            for (int j = 0; j < multipliers.length; j++) {
                value += multipliers[j] * violations[j];
            }
            return value;
        }
    }

    /** What the learner was asked, and said; with the least value of all answers known by now. */
    private static final class Question {
        final double[] multipliers;
        final double value;
        double least = Double.POSITIVE_INFINITY;

        Question(double[] multipliers, Hypothesis answer) {
            this.multipliers = multipliers;
            this.value = answer.value(multipliers);
        }

        void meet(Hypothesis hypothesis) {
            least = Math.min(least, hypothesis.value(multipliers));
        }
    }

    /** Above this the tableau of the linear program would not fit. */
    private static final int MOST_CONSTRAINTS = 1_000;

    private final double[] features;
    private final int columns;
    private final GroupedRows rows;
    private final Moments moments;
    private final CostSensitiveLearner learner;
    private final double most;
    private final List<Hypothesis> found = new ArrayList<>();
    private final List<Question> asked = new ArrayList<>();

    Lagrangian(
            double[] features,
            int columns,
            GroupedRows rows,
            Moments moments,
            CostSensitiveLearner learner,
            double most) {
        Checks.features(features, columns, rows);
        this.features = features;
        this.columns = columns;
        this.rows = rows;
        this.moments = moments;
        this.learner = learner;
        this.most = most;
    }

    List<Hypothesis> found() {
        return found;
    }

    int fits() {
        return asked.size();
    }

    /** Asks the learner for its best answer to the multipliers. */
    Hypothesis answer(double[] multipliers) {
        double[] costs = moments.costs(multipliers);
        boolean[] labels = new boolean[rows.size()];
        double[] weights = new double[rows.size()];
        for (int i = 0; i < labels.length; i++) {
            double cost = costs[Moments.cell(rows, i)];
            labels[i] = cost < 0;
            weights[i] = rows.weight(i) * Math.abs(cost);
        }
        Scorer scorer = learner.fit(features, columns, labels, weights);
        double[] scores = scorer.scores(features);
        Checks.size("scores", "rows", labels.length, scores.length);
        for (int i = 0; i < scores.length; i++) {
            Moments.requireNumber(scores[i], i);
        }
        double[] rates = moments.rates(rows, scores);
        for (Hypothesis known : found) {
            if (Arrays.equals(known.rates(), rates)) {
                ask(multipliers, known);
                return known;
            }
        }
        Hypothesis answer = new Hypothesis(scorer, rates, moments.error(rates), moments.violations(rates));
        found.add(answer);
        for (Question question : asked) {
            question.meet(answer);
        }
        ask(multipliers, answer);
        return answer;
    }

    private void ask(double[] multipliers, Hypothesis answer) {
        Question question = new Question(multipliers.clone(), answer);
        for (Hypothesis hypothesis : found) {
            question.meet(hypothesis);
        }
        asked.add(question);
    }

    /** The largest dual value among the multipliers that the learner was asked about, against all answers known by now. */
    double lower() {
        double best = Double.NEGATIVE_INFINITY;
        for (Question question : asked) {
            best = Math.max(best, question.least);
        }
        return best;
    }

    /** How much an answer was worse, at most, than the best known answer to the same question. */
    double shortfall() {
        double worst = 0;
        for (Question question : asked) {
            worst = Math.max(worst, question.value - question.least);
        }
        return worst;
    }

    /** The error of a mixture plus the bound on the multipliers times its largest violation. */
    double upper(double[] mixture) {
        double worst = 0;
        for (double violation : violations(mixture)) {
            worst = Math.max(worst, violation);
        }
        return error(mixture) + most * worst;
    }

    double error(double[] mixture) {
        double error = 0;
        for (int h = 0; h < mixture.length; h++) {
            error += mixture[h] * found.get(h).error();
        }
        return error;
    }

    double[] violations(double[] mixture) {
        double[] sum = new double[moments.constraints()];
        for (int h = 0; h < mixture.length; h++) {
            for (int j = 0; j < sum.length; j++) {
                sum[j] += mixture[h] * found.get(h).violations()[j];
            }
        }
        return sum;
    }

    /** The best mixture of what was found, by a linear program; null if that is too large or the solver gives up. */
    double @Nullable [] bestMixture() {
        int n = found.size();
        int k = moments.constraints();
        if (k > MOST_CONSTRAINTS) {
            return null;
        }
        double[] objective = new double[n + 1];
        List<LinearConstraint> constraints = new ArrayList<>();
        double[] one = new double[n + 1];
        for (int h = 0; h < n; h++) {
            objective[h] = found.get(h).error();
            one[h] = 1;
        }
        objective[n] = most;
        constraints.add(new LinearConstraint(one, Relationship.EQ, 1));
        for (int j = 0; j < k; j++) {
            double[] row = new double[n + 1];
            for (int h = 0; h < n; h++) {
                row[h] = found.get(h).violations()[j];
            }
            row[n] = -1;
            constraints.add(new LinearConstraint(row, Relationship.LEQ, 0));
        }
        double[] point = solve(objective, constraints, GoalType.MINIMIZE);
        if (point == null) {
            return null;
        }
        double sum = 0;
        for (int h = 0; h < n; h++) {
            point[h] = point[h] > 1e-12 ? point[h] : 0;
            sum += point[h];
        }
        if (!(sum > 0.5)) {
            return null;
        }
        double[] mixture = new double[n];
        for (int h = 0; h < n; h++) {
            mixture[h] = point[h] / sum;
        }
        return mixture;
    }

    /** The multipliers that are hardest for what was found; null if that is too large or the solver gives up. */
    double @Nullable [] hardestMultipliers() {
        int k = moments.constraints();
        if (k > MOST_CONSTRAINTS) {
            return null;
        }
        // The value of the game is free in sign: the difference of two variables.
        double[] objective = new double[k + 2];
        objective[k] = 1;
        objective[k + 1] = -1;
        List<LinearConstraint> constraints = new ArrayList<>();
        double[] total = new double[k + 2];
        Arrays.fill(total, 0, k, 1);
        constraints.add(new LinearConstraint(total, Relationship.LEQ, most));
        for (Hypothesis h : found) {
            double[] row = new double[k + 2];
            for (int j = 0; j < k; j++) {
                row[j] = -h.violations()[j];
            }
            row[k] = 1;
            row[k + 1] = -1;
            constraints.add(new LinearConstraint(row, Relationship.LEQ, h.error()));
        }
        double[] point = solve(objective, constraints, GoalType.MAXIMIZE);
        if (point == null) {
            return null;
        }
        double[] multipliers = new double[k];
        double sum = 0;
        for (int j = 0; j < k; j++) {
            multipliers[j] = Math.max(0, point[j]);
            sum += multipliers[j];
        }
        for (int j = 0; j < k && sum > most; j++) {
            multipliers[j] *= most / sum;
        }
        return multipliers;
    }

    private static double @Nullable [] solve(double[] objective, List<LinearConstraint> constraints, GoalType goal) {
        try {
            PointValuePair solution = new SimplexSolver(1e-10, 10, 1e-11)
                    .optimize(
                            new MaxIter(20_000),
                            new LinearObjectiveFunction(objective, 0),
                            new LinearConstraintSet(constraints),
                            goal,
                            new NonNegativeConstraint(true));
            return solution.getPoint();
        } catch (MathIllegalStateException e) {
            return null;
        }
    }
}
