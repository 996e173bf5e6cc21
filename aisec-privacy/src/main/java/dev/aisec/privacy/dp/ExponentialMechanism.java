// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The exponential mechanism: selects a candidate with probability proportional to exp(ε · score / (2Δ)); releases its index.
 *
 * <p>Guarantee: ε-differential privacy, with exactly these probabilities: candidates are drawn uniformly and accepted by coins
 * that are exact for the scores as given, so that no rounding of an exponential shows. With probability 1 − β the score of the
 * selected one is within (2Δ/ε) ln(n/β) of the best; the evidence has this bound at 95 %. {@link PermuteAndFlip} is never worse.
 * The time depends on the scores: about n / Σ exp(−ε (best − score) / (2Δ)) draws.
 *
 * <p>Assumptions: neighbours change each score, as computed, by at most Δ; the candidates do not depend on the data.
 *
 * <p>Source: McSherry, Talwar, Mechanism Design via Differential Privacy, FOCS 2007; Dwork, Roth, The Algorithmic Foundations
 * of Differential Privacy, 2014, theorem 3.10 and corollary 3.12.
 *
 * @param sensitivity Δ: how much neighbours change any one score at most; positive and finite
 * @param epsilon ε; positive and finite
 * @param monotone whether neighbours change all scores in the same direction, as counts do under ADD_REMOVE: then exp(ε ·
 *     score / Δ) has the same ε. If it is said and does not hold, the release costs twice what it tells.
 * @param neighbouring the relation under which Δ holds
 */
public record ExponentialMechanism(double sensitivity, double epsilon, boolean monotone, Neighbouring neighbouring)
        implements Mechanism<double[], Integer> {
    /** Checks the parameters. */
    public ExponentialMechanism {
        Checks.requirePositive("sensitivity", sensitivity);
        Checks.requirePositive("epsilon", epsilon);
    }

    /**
     * For scores of any kind.
     *
     * @param epsilon ε; positive and finite
     * @param sensitivity Δ; positive and finite
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static ExponentialMechanism of(double epsilon, double sensitivity, Neighbouring neighbouring) {
        return new ExponentialMechanism(sensitivity, epsilon, false, neighbouring);
    }

    /**
     * For scores that neighbours change in one direction.
     *
     * @param value whether they do
     * @return the mechanism
     */
    public ExponentialMechanism withMonotone(boolean value) {
        return new ExponentialMechanism(sensitivity, epsilon, value, neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Pure(epsilon, asked);
    }

    /**
     * Selects.
     *
     * @param scores one per candidate, the larger the better; at least one, finite
     * @param token for this mechanism's loss
     * @return the index of the selected candidate
     */
    @Override
    public Release<Integer> release(double[] scores, SpendToken token) {
        double[] own = scores.clone();
        Checks.requireScores(own, 1);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        return new Release<>(draw(own, SecureBits.current()), loss, evidence(own.length, token));
    }

    int draw(double[] scores, BitSource bits) {
        int n = scores.length;
        return new Acceptance(scores, sensitivity, epsilon, monotone).draw(Acceptance.candidates(n), n, bits);
    }

    private Evidence evidence(int n, SpendToken token) {
        double unit = (monotone ? 1 : 2) * sensitivity / epsilon;
        return Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", sensitivity,
                        "epsilon", epsilon,
                        "monotone", monotone,
                        "neighbouring", neighbouring,
                        "candidates", n),
                Reporting.gap(unit * Math.log(2.0 * n), unit * Math.log(n / (Reporting.ERROR)), n));
    }
}
