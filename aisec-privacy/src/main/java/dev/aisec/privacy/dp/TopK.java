// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The k best candidates by peeling: k times the {@link ExponentialMechanism} among those that are left; releases the indices in
 * the order of selection. The same distribution as the k largest of the scores with Gumbel noise added once.
 *
 * <p>Guarantee: the composition of k releases that are ε₀-differentially private each; k ε₀ in all by basic composition, less
 * by the better accountants. The order of the indices is covered. The evidence bounds, at 95 % for all k together, how far each
 * lies below the best that was left.
 *
 * <p>Assumptions: neighbours change each score, as computed, by at most Δ; candidates and k do not depend on the data.
 *
 * <p>Source: Durfee, Rogers, Practical Differentially Private Top-k Selection with Pay-what-you-get Composition, NeurIPS 2019,
 * lemma 4.2; Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, theorem 3.10.
 *
 * @param k how many; at least 1
 * @param sensitivity Δ: how much neighbours change any one score at most; positive and finite
 * @param epsilonEach ε₀, of each of the k; positive and finite
 * @param monotone whether neighbours change all scores in the same direction, as counts do under ADD_REMOVE: then ε₀ buys twice
 *     the exponent. If it is said and does not hold, the release costs twice what it tells.
 * @param neighbouring the relation under which Δ holds
 */
public record TopK(int k, double sensitivity, double epsilonEach, boolean monotone, Neighbouring neighbouring)
        implements Mechanism<double[], int[]> {
    /** Checks the parameters. */
    public TopK {
        if (k < 1) {
            throw new IllegalArgumentException("k must be >= 1, was " + k);
        }
        Checks.requirePositive("sensitivity", sensitivity);
        Checks.requirePositive("epsilonEach", epsilonEach);
    }

    /**
     * For scores of any kind.
     *
     * @param k how many; at least 1
     * @param epsilon ε of all k by basic composition; positive and finite
     * @param sensitivity Δ; positive and finite
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static TopK of(int k, double epsilon, double sensitivity, Neighbouring neighbouring) {
        Checks.requirePositive("epsilon", epsilon);
        return new TopK(k, sensitivity, Arithmetic.overDown(epsilon, Math.max(k, 1)), false, neighbouring);
    }

    /**
     * For scores that neighbours change in one direction.
     *
     * @param value whether they do
     * @return the mechanism
     */
    public TopK withMonotone(boolean value) {
        return new TopK(k, sensitivity, epsilonEach, value, neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Pure(epsilonEach, asked).repeat(k);
    }

    /**
     * Selects.
     *
     * @param scores one per candidate, the larger the better; at least k, finite
     * @param token for this mechanism's loss
     * @return the k indices in the order of selection
     */
    @Override
    public Release<int[]> release(double[] scores, SpendToken token) {
        double[] own = scores.clone();
        Checks.requireScores(own, k);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        return new Release<>(draw(own, SecureBits.current()), loss, evidence(own.length, token));
    }

    int[] draw(double[] scores, BitSource bits) {
        Acceptance coins = new Acceptance(scores, sensitivity, epsilonEach, monotone);
        int[] left = Acceptance.candidates(scores.length);
        for (int i = 0, n = scores.length; i < k; i++, n--) {
            int position = coins.draw(left, n, bits);
            int selected = left[position];
            left[position] = left[n - 1];
            left[n - 1] = selected;
        }
        int[] selected = new int[k];
        for (int i = 0; i < k; i++) {
            selected[i] = left[scores.length - 1 - i];
        }
        return selected;
    }

    private Evidence evidence(int n, SpendToken token) {
        double unit = (monotone ? 1 : 2) * sensitivity / epsilonEach;
        double sure = k * (double) n;
        return Reporting.evidence(
                this,
                token,
                Map.of(
                        "k", k,
                        "sensitivity", sensitivity,
                        "epsilon-each", epsilonEach,
                        "monotone", monotone,
                        "neighbouring", neighbouring,
                        "candidates", n),
                Reporting.gap(unit * Math.log(2 * sure), unit * Math.log(sure / (Reporting.ERROR)), n));
    }
}
