// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * Report noisy max: adds noise to every score and releases the index of the largest sum, not the sum.
 *
 * <p>Guarantee: ε-differential privacy. Scores are rounded to a lattice, which takes part in the sensitivity (at most a millionth
 * more noise); the noise is discrete, drawn exactly; of equal sums the first counts, which the proof allows because moving a
 * score by 2Δ is a whole number of steps. The evidence bounds, at 95 %, how far the selected score lies below the best.
 *
 * <p>Assumptions: neighbours change each score, as computed, by at most Δ; the candidates do not depend on the data.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, claim 3.9 (Laplace noise, monotone) and
 * section 3.4; Ding, Kifer, Saghaian, Steinke, Wang, Xiao, Zhang, The Permute-and-Flip Mechanism is Identical to
 * Report-Noisy-Max with Exponential Noise, 2021.
 *
 * @param noise distribution of the noise; its scale is 2Δ/ε
 * @param sensitivity Δ: how much neighbours change any one score at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
 * @param monotone whether neighbours change all scores in the same direction, as counts do under ADD_REMOVE: then a scale of
 *     Δ/ε does. If it is said and does not hold, the release costs twice what it tells.
 * @param neighbouring the relation under which Δ holds
 */
public record ReportNoisyMax(
        Noise noise, double sensitivity, double epsilon, boolean monotone, Neighbouring neighbouring)
        implements Mechanism<double[], Integer> {
    /** Distribution of the noise. */
    public enum Noise {
        /** Two-sided: discrete Laplace. */
        LAPLACE,
        /** One-sided: geometric. Half the error; on the lattice what {@link PermuteAndFlip} is. */
        EXPONENTIAL
    }

    /** Checks the parameters. */
    public ReportNoisyMax {
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange("epsilon", epsilon, 0x1p-20, 0x1p15);
    }

    /**
     * With exponential noise, for scores of any kind.
     *
     * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static ReportNoisyMax of(double epsilon, double sensitivity, Neighbouring neighbouring) {
        return new ReportNoisyMax(Noise.EXPONENTIAL, sensitivity, epsilon, false, neighbouring);
    }

    /**
     * With another noise.
     *
     * @param value distribution of the noise
     * @return the mechanism
     */
    public ReportNoisyMax withNoise(Noise value) {
        return new ReportNoisyMax(value, sensitivity, epsilon, monotone, neighbouring);
    }

    /**
     * For scores that neighbours change in one direction.
     *
     * @param value whether they do
     * @return the mechanism
     */
    public ReportNoisyMax withMonotone(boolean value) {
        return new ReportNoisyMax(noise, sensitivity, epsilon, value, neighbouring);
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
        ValueLattice lattice = ValueLattice.of(sensitivity);
        int selected = draw(lattice, sampler(lattice), own, SecureBits.current());
        return new Release<>(selected, loss, evidence(own.length, token));
    }

    DiscreteLaplace sampler(ValueLattice lattice) {
        return DiscreteLaplace.of(scale(lattice));
    }

    int draw(ValueLattice lattice, DiscreteLaplace laplace, double[] scores, BitSource bits) {
        int selected = 0;
        long most = Long.MIN_VALUE;
        for (int i = 0; i < scores.length; i++) {
            long added = laplace.sample(bits);
            while (noise == Noise.EXPONENTIAL && added < 0) {
                added = laplace.sample(bits);
            }
            long sum = Arithmetic.plusClamped(lattice.round(scores[i]), added);
            if (sum > most) {
                most = sum;
                selected = i;
            }
        }
        return selected;
    }

    private double scale(ValueLattice lattice) {
        return Arithmetic.overUp((monotone ? 1 : 2) * lattice.steps(), epsilon);
    }

    private Evidence evidence(int n, SpendToken token) {
        ValueLattice lattice = ValueLattice.of(sensitivity);
        // The gap is at most the difference of two noises; one-sided noise is at least 0.
        double unit = scale(lattice) * (noise == Noise.EXPONENTIAL ? 1 : 2);
        return Reporting.evidence(
                this,
                token,
                Map.of(
                        "noise", noise,
                        "sensitivity", sensitivity,
                        "epsilon", epsilon,
                        "monotone", monotone,
                        "neighbouring", neighbouring,
                        "lattice-exponent", lattice.exponent(),
                        "candidates", n),
                Reporting.gap(
                        lattice.halfWidth(unit * Math.log(2.0 * n)),
                        lattice.halfWidth(unit * Math.log(n / (Reporting.ERROR))),
                        n));
    }
}
