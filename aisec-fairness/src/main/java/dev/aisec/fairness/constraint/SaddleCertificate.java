// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

/**
 * How near a classifier is to the best fair one, on the training rows. The numbers are exact there but for rounding; they are no
 * promise for other rows.
 *
 * <p>What it certifies: {@code upper} is the classifier's error plus B times its largest violation (if positive). {@code lower} is
 * the dual value min over h of error(h) + λ·violation(h) at multipliers λ ≥ 0 with sum at most B for which the learner was asked, the
 * minimum taken over all its answers. If the learner's answer at that λ is the best of its class, then every mixture Q* of that class
 * that keeps the constraints has an error of at least {@code lower}, so that error ≤ error(Q*) + gap, and the violation is at most
 * (1 + gap)/B (if any Q* keeps the constraints). It is relative to the learner: one that optimises a surrogate, such as
 * {@link LogisticRegression}, may miss better classifiers, and the gap does not see them. {@code shortfall} shows where that came to
 * light: by how much, at worst, an answer was worse than another known answer to the same question. It is 0 for an exact learner; if
 * it is far above the gap, try another learner or {@link GridSearch} before believing the gap.
 *
 * <p>Source: Agarwal, Beygelzimer, Dudík, Langford and Wallach, "A reductions approach to fair classification", ICML 2018, theorems 1
 * to 3 (the saddle point of the Lagrangian; here both of its sides are summed).
 *
 * @param error share of wrong decisions, weighted; in [0, 1]
 * @param violation largest violation: deviation minus bound; negative if all constraints are kept; 0 if there are none
 * @param lower lower bound on the value of the game, relative to the learner
 * @param upper upper bound on the value of the game
 * @param shortfall how much an answer of the learner was worse, at most, than the best known answer at the same multipliers; at least 0
 * @param multiplierBound B, the largest sum of multipliers
 * @param fits how often the learner was asked
 */
public record SaddleCertificate(
        double error,
        double violation,
        double lower,
        double upper,
        double shortfall,
        double multiplierBound,
        int fits) {
    /**
     * Returns the dual gap.
     *
     * @return upper minus lower, at least 0
     */
    public double gap() {
        return Math.max(0, upper - lower);
    }
}
