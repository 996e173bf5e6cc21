// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.math3.optim.MaxIter;
import org.apache.commons.math3.optim.linear.LinearConstraint;
import org.apache.commons.math3.optim.linear.LinearConstraintSet;
import org.apache.commons.math3.optim.linear.LinearObjectiveFunction;
import org.apache.commons.math3.optim.linear.NonNegativeConstraint;
import org.apache.commons.math3.optim.linear.Relationship;
import org.apache.commons.math3.optim.linear.SimplexSolver;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.junit.jupiter.api.Test;

class ThresholdOptimizerTest {
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
        for (int seed = 0; seed < 6; seed++) {
            all.add(ScoredData.random(seed, 300, 2 + seed % 4, seed % 2 == 0 ? 10 : 1000, seed >= 3));
        }
        int problems = 0;
        for (ScoredData data : all) {
            for (ParityConstraint constraint : ParityConstraint.values()) {
                for (Objective objective : OBJECTIVES) {
                    for (double tolerance : TOLERANCES) {
                        ThresholdSolution solution = new ThresholdOptimizer(constraint, tolerance, objective)
                                .solve(data.rows(), data.scores());
                        String what = data + " " + constraint + " " + objective + " " + tolerance;
                        assertThat(solution.gap()).as(what).isBetween(0.0, 1e-9);
                        assertThat(solution.constraintViolation()).as(what).isBetween(0.0, 1e-11);
                        assertThat(solution.objective()).as(what).isCloseTo(reference(solution.problem()), within(1e-9));
                        assertThat(solution.objective())
                                .as(what)
                                .isCloseTo(direct(solution.policy(), objective, data), within(1e-9));
                        accepted(solution.verify());
                        accepted(solution.verify(data.rows(), data.scores()));
                        problems++;
                    }
                }
            }
        }
        assertThat(problems).isGreaterThanOrEqualTo(40);
    }

    private static void accepted(Verification verification) {
        assertThat(verification.findings()).isEmpty();
        assertThat(verification.verdict()).isEqualTo(Verdict.ACCEPT);
    }

    /** The primal program as it stands, by the simplex method of commons-math. */
    private static double reference(ThresholdProblem problem) {
        List<ScoreCurve> curves = problem.curves();
        Objective.Linear u = Objective.Linear.of(problem.objective(), curves);
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

    /** The objective row by row, from its definition. */
    static double direct(DecisionPolicy policy, Objective objective, ScoredData data) {
        int groups = data.rows().space().size();
        double[] tp = new double[groups];
        double[] fp = new double[groups];
        double[] p = new double[groups];
        double[] n = new double[groups];
        for (int i = 0; i < data.rows().size(); i++) {
            int g = data.rows().group(i);
            double w = data.rows().weight(i);
            double a = policy.acceptProbability(g, data.scores()[i]);
            if (data.rows().favourable(i)) {
                tp[g] += a * w;
                p[g] += w;
            } else {
                fp[g] += a * w;
                n[g] += w;
            }
        }
        double allTp = Arrays.stream(tp).sum();
        double allFp = Arrays.stream(fp).sum();
        double allP = Arrays.stream(p).sum();
        double allN = Arrays.stream(n).sum();
        if (objective instanceof Objective.Utility u) {
            return (u.truePositive() * allTp
                            + u.falseNegative() * (allP - allTp)
                            + u.falsePositive() * allFp
                            + u.trueNegative() * (allN - allFp))
                    / (allP + allN);
        }
        if (objective == Objective.BalancedAccuracy.POOLED) {
            return (allTp / allP + 1 - allFp / allN) / 2;
        }
        double sum = 0;
        for (int g = 0; g < groups; g++) {
            sum += p[g] + n[g] == 0 ? 0 : (p[g] + n[g]) / (allP + allN) * (tp[g] / p[g] + 1 - fp[g] / n[g]) / 2;
        }
        return sum;
    }

    @Test
    void solve_scanAndSimplex_agree() {
        for (int seed = 0; seed < 20; seed++) {
            ScoredData data = ScoredData.random(100 + seed, 200, 3, 20, seed % 2 == 0);
            for (ParityConstraint constraint : ParityConstraint.values()) {
                ThresholdProblem problem = new ThresholdOptimizer(constraint, 0.01 * seed, Objective.ACCURACY)
                        .solve(data.rows(), data.scores())
                        .problem();
                BreakpointScan.Answer simplex = Simplex.solve(problem);
                StepPolicy policy = StepPolicy.of(3, problem.curves(), simplex.rules());
                assertThat(Certificate.upper(problem, simplex.multipliers())
                                - Certificate.objective(problem, policy))
                        .isBetween(0.0, 1e-11);
                BreakpointScan.Answer answer = ThresholdOptimizer.answer(problem);
                assertThat(Certificate.upper(problem, answer.multipliers()))
                        .isCloseTo(Certificate.upper(problem, simplex.multipliers()), within(1e-11));
            }
        }
    }
}
