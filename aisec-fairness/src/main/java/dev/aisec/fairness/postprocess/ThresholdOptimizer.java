// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.List;

/**
 * The best threshold rule by group under a fairness constraint, exactly.
 *
 * <p>It guarantees an optimum among all rules on score and group that never fall with the score, on these rows, with a
 * {@linkplain ThresholdSolution certificate}. It decides on real thresholds only where they suffice and randomises between two (for
 * equalized odds up to four) where not; ties of scores are split by the same randomisation. Rows of a group with weight 0 only are
 * as if they were not there.
 *
 * <p>Assumptions: higher scores speak for the favourable label; the group is known, and may lawfully be used, at decision; the
 * recorded labels are what is to be predicted. It does not promise the same rates on other rows.
 *
 * <p>Formula: the linear program over the hull of each group's ROC curve. With one rate only the upper hull is of use, as the objective
 * never falls with true positives or rises with false ones: an exact scan over its corners. With two rates, the best common point of all hulls if they must agree exactly, for any number of
 * groups, and the simplex method if not. Sources: Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning", NeurIPS 2016, section 4; hull: Provost and
 * Fawcett, Machine Learning 2001. Clause 7.3.2-2.
 *
 * @param constraint which rates have to agree
 * @param tolerance by how much they may differ, in [0, 1]
 * @param objective what to maximise
 */
public record ThresholdOptimizer(ParityConstraint constraint, double tolerance, Objective objective) {
    /**
     * With a tolerance: the dense table of the simplex method grows with the square of the groups, its steps with their
     * number. 128 groups take a second, 256 ten.
     */
    private static final int MOST_GROUPS_TWO_RATES = 128;

    /** Checks the tolerance. */
    public ThresholdOptimizer {
        Checks.share("tolerance", tolerance);
    }

    /**
     * Exact agreement of rates, best accuracy.
     *
     * @param constraint which rates have to agree
     * @return the optimiser
     */
    public static ThresholdOptimizer of(ParityConstraint constraint) {
        return new ThresholdOptimizer(constraint, 0, Objective.ACCURACY);
    }

    /**
     * The same with another tolerance.
     *
     * @param changed by how much rates may differ, in [0, 1]
     * @return the optimiser
     */
    public ThresholdOptimizer withTolerance(double changed) {
        return new ThresholdOptimizer(constraint, changed, objective);
    }

    /**
     * The same with another objective.
     *
     * @param changed what to maximise
     * @return the optimiser
     */
    public ThresholdOptimizer withObjective(Objective changed) {
        return new ThresholdOptimizer(constraint, tolerance, changed);
    }

    /**
     * Finds the rule.
     *
     * @param rows the rows; every group with weight needs the labels that the constraint and the objective divide by
     * @param scores their scores, as many, finite
     * @return the rule with its certificate
     * @throws IllegalArgumentException if a rate would be undefined, with the name of the group; also for equalized odds with
     *     a tolerance above 0 of more than 128 groups
     */
    public ThresholdSolution solve(GroupedRows rows, double[] scores) {
        ThresholdProblem problem = problem(rows, scores, tolerance > 0);
        return ThresholdSolution.of(problem, answer(problem), rows, scores);
    }

    /**
     * How the best objective grows with the tolerance: a concave line with corners, found exactly.
     *
     * @param rows the rows
     * @param scores their scores
     * @param mostSolves after this many solutions stop and say so; at least 2, for example 1000
     * @return the frontier; {@link #tolerance} plays no part
     */
    public ToleranceFrontier frontier(GroupedRows rows, double[] scores, int mostSolves) {
        return ToleranceFrontier.of(problem(rows, scores, true), mostSolves);
    }

    private ThresholdProblem problem(GroupedRows rows, double[] scores, boolean tolerant) {
        boolean two = constraint.rates().size() > 1;
        List<ScoreCurve> curves = ScoreCurve.of(rows, scores);
        if (two && tolerant && curves.size() > MOST_GROUPS_TWO_RATES) {
            throw new IllegalArgumentException("groups must be at most " + MOST_GROUPS_TWO_RATES + " for " + constraint
                    + " with a tolerance above 0, were " + curves.size());
        }
        List<ScoreCurve> hulls = curves.stream()
                .map(curve -> two ? curve.hull() : curve.upperHull())
                .toList();
        return new ThresholdProblem(constraint, tolerance, objective, false, hulls);
    }

    static BreakpointScan.Answer answer(ThresholdProblem problem) {
        if (problem.attributeFree()) {
            return Simplex.solve(problem);
        }
        if (problem.constraint().rates().size() <= 1) {
            return BreakpointScan.solve(problem);
        }
        return problem.tolerance() == 0 ? CommonPoint.solve(problem) : Simplex.solve(problem);
    }
}
