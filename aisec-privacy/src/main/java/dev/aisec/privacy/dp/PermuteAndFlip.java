// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * Permute and flip: goes through the candidates in random order and selects the first whose coin of probability exp(−ε (best −
 * score) / (2Δ)) falls; releases its index. The same as the noisy maximum with exponential noise.
 *
 * <p>Guarantee: ε-differential privacy with exactly these probabilities. The score of the selected one is, for the same ε,
 * never worse in expectation than with {@link ExponentialMechanism}, and up to twice as near to the best. At most n coins. The
 * evidence bounds the distance to the best score at 95 %.
 *
 * <p>Assumptions: neighbours change each score, as computed, by at most Δ; the candidates do not depend on the data.
 *
 * <p>Source: McKenna, Sheldon, Permute-and-Flip: a new mechanism for differentially private selection, NeurIPS 2020, algorithm
 * 1, theorems 1 and 2; Ding, Kifer, Saghaian, Steinke, Wang, Xiao, Zhang, The Permute-and-Flip Mechanism is Identical to
 * Report-Noisy-Max with Exponential Noise, 2021.
 *
 * @param sensitivity Δ: how much neighbours change any one score at most; positive and finite
 * @param epsilon ε; positive and finite
 * @param monotone whether neighbours change all scores in the same direction, as counts do under ADD_REMOVE: then exp(−ε (best
 *     − score) / Δ) has the same ε. If it is said and does not hold, the release costs twice what it tells.
 * @param neighbouring the relation under which Δ holds
 */
public record PermuteAndFlip(double sensitivity, double epsilon, boolean monotone, Neighbouring neighbouring)
        implements Mechanism<double[], Integer> {
    /** Checks the parameters. */
    public PermuteAndFlip {
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
    public static PermuteAndFlip of(double epsilon, double sensitivity, Neighbouring neighbouring) {
        return new PermuteAndFlip(sensitivity, epsilon, false, neighbouring);
    }

    /**
     * For scores that neighbours change in one direction.
     *
     * @param value whether they do
     * @return the mechanism
     */
    public PermuteAndFlip withMonotone(boolean value) {
        return new PermuteAndFlip(sensitivity, epsilon, value, neighbouring);
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
        double best = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            best = Math.max(best, score);
        }
        Acceptance coins = new Acceptance(scores, sensitivity, epsilon, monotone);
        int[] left = Acceptance.candidates(scores.length);
        for (int n = scores.length; ; n--) {
            int position = (int) bits.nextLong(n);
            int candidate = left[position];
            // The best one's coin always falls, so that the loop ends before n is 0.
            if (coins.accepts(candidate, best, bits)) {
                return candidate;
            }
            left[position] = left[n - 1];
        }
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
