// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Verification;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Equalized odds from decisions alone, without scores: in each group the decision is kept or changed with probabilities chosen so that
 * true and false positive rates agree at the least cost.
 *
 * <p>It guarantees an optimum on these rows among all rules on decision and group, with a certificate. Limits: it only throws away
 * information, so the better-served groups lose; with scores at hand, {@link ThresholdOptimizer} is at least as good. Decisions of a
 * group that are worse than chance are turned round first.
 *
 * <p>Formula: each group reaches the triangle of (0, 0), (FPR, TPR) and (1, 1); linear program over their intersection. Source: Hardt,
 * Price and Srebro, "Equality of Opportunity in Supervised Learning", NeurIPS 2016, section 3. Clause 7.3.2-2.
 *
 * @param tolerance by how much each rate may differ, in [0, 1]
 * @param objective what to maximise
 */
public record HardtEqualizedOdds(double tolerance, Objective objective) {
    /** Checks the tolerance. */
    public HardtEqualizedOdds {
        Checks.share("tolerance", tolerance);
    }

    /**
     * Exact equality and best accuracy, as in the paper.
     *
     * @return the technique
     */
    public static HardtEqualizedOdds of() {
        return new HardtEqualizedOdds(0, Objective.ACCURACY);
    }

    /**
     * The derived rule.
     *
     * @param turned by number of the group, whether decisions are turned round before {@code solution} sees them
     * @param solution the rule on the decisions, 1 for favourable and 0 for unfavourable, with its certificate
     */
    public record Derived(List<Boolean> turned, ThresholdSolution solution) implements DecisionPolicy, EvidenceSource {
        /** Copies the list. */
        public Derived {
            turned = List.copyOf(turned);
        }

        /**
         * The probability of the favourable decision.
         *
         * @param group number of the group
         * @param decision the decision so far: 1 for favourable, 0 for unfavourable
         */
        @Override
        public double acceptProbability(int group, double decision) {
            if (decision != 0 && decision != 1) {
                throw new IllegalArgumentException("decision must be 0 or 1, was " + decision);
            }
            boolean turn = group >= 0 && group < turned.size() && turned.get(group);
            return solution.policy().acceptProbability(group, turn ? 1 - decision : decision);
        }

        /**
         * Checks the certificate.
         *
         * @return accepted, or what is wrong
         */
        public Verification verify() {
            return solution.verify();
        }

        @Override
        public Evidence evidence() {
            Evidence inner = solution.evidence();
            SortedMap<String, String> parameters = new TreeMap<>(inner.parameters());
            parameters.put("method", "equalized odds from decisions");
            parameters.put("turned", turned.toString());
            return new Evidence(
                    inner.technique(), "derived decisions", parameters, inner.measurements(), inner.findings());
        }
    }

    /**
     * Finds the rule.
     *
     * @param rows the rows; every group with weight needs both labels; at most 128 groups if the tolerance is above 0
     * @param decisions whether each decision so far is favourable, as many
     * @return the rule
     */
    public Derived solve(GroupedRows rows, boolean[] decisions) {
        if (decisions.length != rows.size()) {
            throw new IllegalArgumentException(
                    "decisions must be as many as rows, " + rows.size() + ", were " + decisions.length);
        }
        double[] scores = new double[decisions.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = decisions[i] ? 1 : 0;
        }
        boolean[] turn = new boolean[rows.space().size()];
        for (ScoreCurve curve : ScoreCurve.of(rows, scores)) {
            int j = curve.point(1);
            // TPR < FPR, without division.
            turn[curve.group()] = j >= 0 && curve.tp[j] * curve.negatives() < curve.fp[j] * curve.positives();
        }
        List<Boolean> turned = new ArrayList<>(turn.length);
        for (boolean t : turn) {
            turned.add(t);
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = turn[rows.group(i)] ? 1 - scores[i] : scores[i];
        }
        return new Derived(
                turned,
                new ThresholdOptimizer(ParityConstraint.EQUALIZED_ODDS, tolerance, objective).solve(rows, scores));
    }
}
