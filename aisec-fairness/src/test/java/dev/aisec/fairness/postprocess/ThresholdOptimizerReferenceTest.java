// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.optim.MaxIter;
import org.apache.commons.math3.optim.linear.LinearConstraint;
import org.apache.commons.math3.optim.linear.LinearConstraintSet;
import org.apache.commons.math3.optim.linear.LinearObjectiveFunction;
import org.apache.commons.math3.optim.linear.NonNegativeConstraint;
import org.apache.commons.math3.optim.linear.Relationship;
import org.apache.commons.math3.optim.linear.SimplexSolver;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.junit.jupiter.api.Test;

/** The optimum found a second way, on real and random data. */
class ThresholdOptimizerReferenceTest {
    private static final List<Objective> OBJECTIVES = List.of(
            Objective.ACCURACY,
            Objective.BalancedAccuracy.POOLED,
            Objective.BalancedAccuracy.GROUP_WEIGHTED,
            Objective.Utility.costs(1, 3),
            Objective.Utility.netBenefit(0.6));
    private static final double[] TOLERANCES = {0, 0.05};

    @Test
    void solve_manyProblems_isTheOptimumThatAnotherSolverFinds() {
        List<ScoredData> all = new ArrayList<>(ScoredData.real());
        for (int seed = 0; seed < 4; seed++) {
            all.add(ScoredData.random(seed, 300, 2 + seed, seed % 2 == 0 ? 10 : 1000, seed >= 2));
        }
        int problems = 0;
        for (ScoredData data : all) {
            for (ParityConstraint constraint : ParityConstraint.values()) {
                for (Objective objective : OBJECTIVES) {
                    for (double tolerance : TOLERANCES) {
                        if (constraint == ParityConstraint.NONE && tolerance > 0) {
                            continue;
                        }
                        ThresholdSolution solution = new ThresholdOptimizer(constraint, tolerance, objective)
                                .solve(data.rows(), data.scores());
                        String what = data + " " + constraint + " " + objective + " " + tolerance;
                        assertThat(solution.gap()).as(what).isBetween(0.0, 1e-9);
                        assertThat(solution.constraintViolation()).as(what).isBetween(0.0, 1e-11);
                        assertThat(solution.objective())
                                .as(what)
                                .isCloseTo(reference(solution.problem()), within(1e-9));
                        assertThat(solution.objective())
                                .as(what)
                                .isCloseTo(
                                        ThresholdOptimizerTest.direct(solution.policy(), objective, data),
                                        within(1e-9));
                        ThresholdOptimizerTest.accepted(solution.verify());
                        ThresholdOptimizerTest.accepted(solution.verify(data.rows(), data.scores()));
                        problems++;
                    }
                }
            }
        }
        assertThat(problems).isGreaterThanOrEqualTo(40);
    }

    /** The primal program as it stands, by the simplex method of commons-math. */
    private static double reference(ThresholdProblem problem) {
        List<ScoreCurve> curves = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), curves);
        List<Rate> rates = problem.constraint().rates();
        int points = curves.stream().mapToInt(ScoreCurve::size).sum();
        double[] cost = new double[points + rates.size()];
        List<LinearConstraint> constraints = new ArrayList<>();
        int start = 0;
        for (int g = 0; g < curves.size(); g++) {
            ScoreCurve curve = curves.get(g);
            double[] ones = new double[cost.length];
            for (int j = 0; j < curve.size(); j++) {
                ones[start + j] = 1;
                cost[start + j] = u.gain()[g] * curve.truePositives(j) - u.loss()[g] * curve.falsePositives(j);
            }
            // The first point is 0 everywhere: it takes what is left of 1.
            constraints.add(new LinearConstraint(ones, Relationship.LEQ, 1));
            for (int m = 0; m < rates.size(); m++) {
                double[] row = new double[cost.length];
                for (int j = 0; j < curve.size(); j++) {
                    row[start + j] = rates.get(m).at(curve, j);
                }
                row[points + m] = -1;
                double[] back = Arrays.stream(row).map(x -> -x).toArray();
                constraints.add(new LinearConstraint(row, Relationship.LEQ, problem.tolerance()));
                constraints.add(new LinearConstraint(back, Relationship.LEQ, 0));
            }
            start += curve.size();
        }
        return new SimplexSolver(1e-9, 10, 1e-11)
                        .optimize(
                                new MaxIter(100_000),
                                new LinearObjectiveFunction(cost, 0),
                                new LinearConstraintSet(constraints),
                                GoalType.MAXIMIZE,
                                new NonNegativeConstraint(true))
                        .getValue()
                + u.constant();
    }

    @Test
    void solve_gridOfThousandPoints_isNeverBetter() {
        List<ScoredData> all = new ArrayList<>(ScoredData.real());
        all.add(ScoredData.random(7, 2000, 3, 500, true));
        for (ScoredData data : all) {
            for (Objective objective : OBJECTIVES) {
                for (ParityConstraint constraint : ParityConstraint.values()) {
                    if (constraint == ParityConstraint.NONE) {
                        continue;
                    }
                    ThresholdSolution solution = ThresholdOptimizer.of(constraint)
                            .withObjective(objective)
                            .solve(data.rows(), data.scores());
                    assertThat(solution.objective() + 1e-12)
                            .as(data + " " + constraint + " " + objective)
                            .isGreaterThanOrEqualTo(grid(data, constraint, objective));
                }
            }
        }
    }

    /** What a search over 1,000 common rates finds, each group on its hull. */
    private static double grid(ScoredData data, ParityConstraint constraint, Objective objective) {
        List<ScoreCurve> hulls = ScoreCurve.of(data.rows(), data.scores()).stream()
                .map(ScoreCurve::upperHull)
                .toList();
        LinearObjective u = LinearObjective.of(objective, hulls);
        Rate rate = constraint == ParityConstraint.EQUALIZED_ODDS
                ? Rate.FALSE_POSITIVE
                : constraint.rates().get(0);
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < 1000; i++) {
            double target = i / 999.0;
            double lowestTpr = 1;
            double[] value = new double[hulls.size()];
            for (int g = 0; g < value.length; g++) {
                ScoreCurve h = hulls.get(g);
                value[g] = Double.NEGATIVE_INFINITY;
                double tpr = 0;
                for (int j = 1; j < h.size(); j++) {
                    double from = rate.at(h, j - 1);
                    double to = rate.at(h, j);
                    if (target >= from && target <= to) {
                        double share = to > from ? (target - from) / (to - from) : 1;
                        double tp = h.truePositives(j - 1) + share * (h.truePositives(j) - h.truePositives(j - 1));
                        double fp = h.falsePositives(j - 1) + share * (h.falsePositives(j) - h.falsePositives(j - 1));
                        value[g] = Math.max(value[g], u.gain()[g] * tp - u.loss()[g] * fp);
                        tpr = Math.max(tpr, tp / h.positives());
                    }
                }
                lowestTpr = Math.min(lowestTpr, tpr);
            }
            double sum = u.constant();
            for (int g = 0; g < value.length; g++) {
                ScoreCurve h = hulls.get(g);
                sum += constraint == ParityConstraint.EQUALIZED_ODDS
                        ? u.gain()[g] * lowestTpr * h.positives() - u.loss()[g] * target * h.negatives()
                        : value[g];
            }
            best = Math.max(best, sum);
        }
        return best;
    }
}
