// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

/**
 * A decision rule on scores: how probable it is that somebody is given the favourable decision.
 *
 * <p>Fair rules on scores randomise as a rule, because thresholds alone cannot reach every rate. Thrown afresh for each request, the
 * dice would let people ask until they win. {@link #accept} therefore draws by a keyed hash of the subject: the same subject gets
 * the same decision, and nobody without the key can foresee it.
 */
@FunctionalInterface
public interface DecisionPolicy {
    /**
     * The probability of the favourable decision.
     *
     * @param group number of the group; a rule that does not use the group takes any number
     * @param score the score; not NaN; higher speaks for the favourable decision
     * @return in [0, 1]
     */
    double acceptProbability(int group, double score);

    /**
     * The decision on a subject. Equal arguments give equal decisions. If the rule never falls with the score, then neither does the
     * decision of one subject: the coin depends on the subject only.
     *
     * @param group number of the group
     * @param score the score; not NaN
     * @param subject what names the subject and never changes, such as a customer number
     * @param coin the keyed coin
     * @return whether the decision is favourable
     */
    default boolean accept(int group, double score, String subject, KeyedCoin coin) {
        double probability = acceptProbability(group, score);
        return probability >= 1 || (probability > 0 && coin.uniform(subject) < probability);
    }
}
