// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.List;

/**
 * The best rule on the score alone under a fairness constraint, for when the group is not known or must not be used at decision.
 * Groups are needed for the fit only.
 *
 * <p>It guarantees an optimum among all mixtures of the thresholds it looks at, on these rows, with a certificate. Those are the
 * distinct scores, or, if they are more than {@code cells}, that many quantiles of them; the certificate then speaks of these. Whoever
 * knows groups only as probabilities P(group | person) enters each person once for each group with that probability as weight.
 *
 * <p>Limits: one rule has far less freedom than one for each group. When score distributions differ, close agreement of rates may leave
 * little but accepting (nearly) all or nobody; the certificate shows that no score-only rule that never falls can do better.
 *
 * <p>Formula: maximise {@code Σ_j w_j Σ_g u_gj} over mixtures w of thresholds j with {@code l ≤ Σ_j w_j r_gj ≤ l + τ} for all
 * groups g; a linear program, solved by the simplex method. Cost of using the group or not: Lipton, Chouldechova and McAuley, "Does
 * Mitigating ML's Impact Disparity Require Treatment Disparity?", NeurIPS 2018. Clause 7.3.2-2.
 *
 * @param constraint which rates have to agree
 * @param tolerance by how much they may differ, in [0, 1]
 * @param objective what to maximise
 * @param cells most thresholds to look at, in [2, 4096]
 */
public record AttributeFreeThreshold(ParityConstraint constraint, double tolerance, Objective objective, int cells) {
    private static final int MOST_GROUPS = 64;

    /** Checks the numbers. */
    public AttributeFreeThreshold {
        Checks.share("tolerance", tolerance);
        if (cells < 2 || cells > 4096) {
            throw new IllegalArgumentException("cells must be in [2, 4096], was " + cells);
        }
    }

    /**
     * Best accuracy at 1024 thresholds.
     *
     * @param constraint which rates have to agree
     * @param tolerance by how much they may differ, in [0, 1]
     * @return the optimiser
     */
    public static AttributeFreeThreshold of(ParityConstraint constraint, double tolerance) {
        return new AttributeFreeThreshold(constraint, tolerance, Objective.ACCURACY, 1024);
    }

    /**
     * The same with another objective.
     *
     * @param changed what to maximise
     * @return the optimiser
     */
    public AttributeFreeThreshold withObjective(Objective changed) {
        return new AttributeFreeThreshold(constraint, tolerance, changed, cells);
    }

    /**
     * Finds the rule.
     *
     * @param rows the rows; at most 64 groups with weight
     * @param scores their scores, as many, finite
     * @return the rule, the same for every group, with its certificate
     */
    public ThresholdSolution solve(GroupedRows rows, double[] scores) {
        List<ScoreCurve> curves = aligned(rows, scores);
        if (curves.size() > MOST_GROUPS) {
            throw new IllegalArgumentException("groups must be at most " + MOST_GROUPS + ", were " + curves.size());
        }
        int points = curves.get(0).size();
        if (points > cells) {
            int[] kept = quantiles(curves, points);
            curves = curves.stream().map(curve -> curve.select(kept)).toList();
        }
        ThresholdProblem problem = new ThresholdProblem(constraint, tolerance, objective, true, curves);
        return ThresholdSolution.of(problem, Simplex.solve(problem), rows, scores);
    }

    /** Points at equal steps of accepted weight, ends included. */
    private int[] quantiles(List<ScoreCurve> curves, int points) {
        double all = 0;
        for (ScoreCurve curve : curves) {
            all += curve.positives() + curve.negatives();
        }
        int[] kept = new int[cells];
        int size = 1;
        for (int j = 1; j < points - 1 && size < cells - 1; j++) {
            double accepted = 0;
            for (ScoreCurve curve : curves) {
                accepted += curve.tp[j] + curve.fp[j];
            }
            if (accepted / all * (cells - 1) >= size) {
                kept[size++] = j;
            }
        }
        kept[size++] = points - 1;
        return Arrays.copyOf(kept, size);
    }

    /** The curves of all groups at the distinct scores of all rows. */
    private static List<ScoreCurve> aligned(GroupedRows rows, double[] scores) {
        List<ScoreCurve> curves = ScoreCurve.of(rows, scores);
        double[] all = curves.stream()
                .flatMapToDouble(curve -> Arrays.stream(curve.threshold))
                .filter(Double::isFinite)
                .map(t -> -t)
                .sorted()
                .distinct()
                .map(t -> -t)
                .toArray();
        double[] thresholds = new double[all.length + 2];
        thresholds[0] = Double.POSITIVE_INFINITY;
        System.arraycopy(all, 0, thresholds, 1, all.length);
        thresholds[all.length + 1] = Double.NEGATIVE_INFINITY;
        return curves.stream().map(curve -> curve.at(thresholds)).toList();
    }
}
