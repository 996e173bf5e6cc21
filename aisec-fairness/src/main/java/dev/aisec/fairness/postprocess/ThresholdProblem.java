// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import java.util.List;

/**
 * The linear program behind a fair threshold rule: a mixture of the points of each group's curve, as good as possible, with rates
 * that agree.
 *
 * @param constraint which rates have to agree
 * @param tolerance by how much they may differ, in [0, 1]
 * @param objective what to maximise
 * @param attributeFree whether one mixture serves all groups, as the group is not known at decision; the curves then have the same
 *     thresholds
 * @param curves the curves of the groups, at least one; points that are no use may be missing
 */
public record ThresholdProblem(
        ParityConstraint constraint,
        double tolerance,
        Objective objective,
        boolean attributeFree,
        List<ScoreCurve> curves) {
    /** Checks the components. */
    public ThresholdProblem {
        curves = List.copyOf(curves);
        Checks.share("tolerance", tolerance);
        if (curves.isEmpty()) {
            throw new IllegalArgumentException("curves must be at least one, were none");
        }
        boolean byGroup = objective == Objective.BalancedAccuracy.GROUP_WEIGHTED;
        double positives = 0;
        double negatives = 0;
        for (ScoreCurve curve : curves) {
            positives += curve.positives();
            negatives += curve.negatives();
            if (curve.positives() == 0 && (constraint.needsPositives() || byGroup)) {
                throw new IllegalArgumentException(missing("favourable", curve, constraint, objective));
            }
            if (curve.negatives() == 0 && (constraint.needsNegatives() || byGroup)) {
                throw new IllegalArgumentException(missing("unfavourable", curve, constraint, objective));
            }
            if (attributeFree && curve.size() != curves.get(0).size()) {
                throw new IllegalArgumentException("curves must have the same thresholds, as no group is known");
            }
        }
        if (objective == Objective.BalancedAccuracy.POOLED && !(positives > 0 && negatives > 0)) {
            throw new IllegalArgumentException("rows must have favourable and unfavourable labels for " + objective
                    + ", weights were " + positives + " and " + negatives);
        }
    }

    private static String missing(String label, ScoreCurve curve, ParityConstraint constraint, Objective objective) {
        return "every group must have rows with the " + label + " label for " + constraint + " and " + objective + ", "
                + curve.name() + " had none: leave the group out or choose another constraint";
    }

    ThresholdProblem withTolerance(double changed) {
        return new ThresholdProblem(constraint, changed, objective, attributeFree, curves);
    }
}
