// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Arrays;
import java.util.Map;

/**
 * The sparse vector technique: tells of a stream of scores which are above a threshold, and halts after c of them. Scores below
 * cost nothing, however many.
 *
 * <p>Guarantee: ε-differential privacy of all answers of a session together, halting included. The threshold gets noise of scale
 * Δ/ε₁ once, every score fresh noise of scale 2cΔ/ε₂ (cΔ/ε₂ if monotone), ε₁ + ε₂ = ε, ε₁ : ε₂ = 1 : (2c)^(2/3), the best split.
 * No noisy score is released: the published variants that do, that use a scale without c, or that do not halt are not private.
 * Scores are rounded to a lattice, which takes part in the sensitivity; the noise is discrete Laplace, drawn exactly. The
 * evidence says at 95 % for all answers given how far on the wrong side of the threshold a score can be.
 *
 * <p>Assumptions: neighbours change each score, as computed, by at most Δ; scores may be chosen by earlier answers.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, algorithm 1 and theorem 3.23 (c = 1); Lyu,
 * Su, Li, Understanding the Sparse Vector Technique for Differential Privacy, PVLDB 10(6), 2017, algorithm 7, theorems 4 and 5,
 * section 4.2 (split).
 *
 * @param threshold what is "above", ties included before noise; finite
 * @param sensitivity Δ: how much neighbours change any one score at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param epsilon ε; in [2⁻¹⁰, 2¹⁵]
 * @param answers c: after so many scores above the session halts; in [1, 2¹⁵]
 * @param monotone whether neighbours change all scores in the same direction, as counts do under ADD_REMOVE. If it is said and
 *     does not hold, the release costs up to twice what it tells.
 * @param neighbouring the relation under which Δ holds
 */
public record AboveThreshold(
        double threshold, double sensitivity, double epsilon, int answers, boolean monotone, Neighbouring neighbouring)
        implements Mechanism<double[], boolean[]> {
    /** Checks the parameters. */
    public AboveThreshold {
        Checks.requireFinite("threshold", threshold);
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange("epsilon", epsilon, 0x1p-10, 0x1p15);
        if (answers < 1 || answers > 1 << 15) {
            throw new IllegalArgumentException("answers must be in [1, 32768], was " + answers);
        }
    }

    /**
     * Halting at the first score above, for scores of any kind.
     *
     * @param epsilon ε; in [2⁻¹⁰, 2¹⁵]
     * @param threshold what is "above"; finite
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static AboveThreshold of(double epsilon, double threshold, double sensitivity, Neighbouring neighbouring) {
        return new AboveThreshold(threshold, sensitivity, epsilon, 1, false, neighbouring);
    }

    /**
     * Halting later.
     *
     * @param value c; in [1, 2¹⁵]
     * @return the mechanism
     */
    public AboveThreshold withAnswers(int value) {
        return new AboveThreshold(threshold, sensitivity, epsilon, value, monotone, neighbouring);
    }

    /**
     * For scores that neighbours change in one direction.
     *
     * @param value whether they do
     * @return the mechanism
     */
    public AboveThreshold withMonotone(boolean value) {
        return new AboveThreshold(threshold, sensitivity, epsilon, answers, value, neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Pure(epsilon, asked);
    }

    /**
     * Answers for scores that are all there.
     *
     * @param scores finite
     * @param token for this mechanism's loss
     * @return for each score whether it is above; shorter than the scores if c were above before the end
     */
    @Override
    public Release<boolean[]> release(double[] scores, SpendToken token) {
        double[] own = scores.clone();
        Checks.requireScores(own, 1);
        Session session = open(token);
        boolean[] above = new boolean[own.length];
        int asked = 0;
        while (asked < own.length && !session.halted()) {
            above[asked] = session.above(own[asked]);
            asked++;
        }
        return new Release<>(Arrays.copyOf(above, asked), token.loss(), session.evidence());
    }

    /**
     * Opens a session for scores that come one by one.
     *
     * @param token for this mechanism's loss; it pays for the whole session
     * @return the session
     */
    public Session open(SpendToken token) {
        token.use(loss(token.loss().neighbouring()));
        return new Session(this, token, ValueLattice.of(sensitivity), SecureBits.current());
    }

    /** ε₁, for the threshold. */
    private double thresholdEpsilon() {
        return epsilon / (1 + Math.cbrt(Math.pow(monotone ? answers : 2.0 * answers, 2)));
    }

    double thresholdScale(ValueLattice lattice) {
        return Arithmetic.overUp(lattice.steps(), thresholdEpsilon());
    }

    double scoreScale(ValueLattice lattice) {
        // Rounded down, so that ε₁ + ε₂ is at most ε.
        double rest = Math.nextDown(epsilon - thresholdEpsilon());
        return Arithmetic.overUp((monotone ? 1.0 : 2.0) * answers * lattice.steps(), rest);
    }

    /** Answers until it halts. Safe for concurrent use. */
    public static final class Session {
        private final AboveThreshold mechanism;
        private final SpendToken token;
        private final ValueLattice lattice;
        private final DiscreteLaplace noise;
        private final long noisyThreshold;
        private long asked;
        private int above;

        Session(AboveThreshold mechanism, SpendToken token, ValueLattice lattice, BitSource bits) {
            this.mechanism = mechanism;
            this.token = token;
            this.lattice = lattice;
            noise = DiscreteLaplace.of(mechanism.scoreScale(lattice));
            noisyThreshold = Arithmetic.plusClamped(
                    lattice.round(mechanism.threshold),
                    DiscreteLaplace.of(mechanism.thresholdScale(lattice)).sample(bits));
        }

        /**
         * Tells whether a score is above the threshold, with noise on both.
         *
         * @param score finite
         * @return whether it is
         * @throws IllegalStateException if the session has halted
         */
        public boolean above(double score) {
            return above(score, SecureBits.current());
        }

        synchronized boolean above(double score, BitSource bits) {
            Checks.requireFinite("score", score);
            if (halted()) {
                throw new IllegalStateException(
                        "session must not have halted, but " + above + " of " + mechanism.answers + " were above");
            }
            asked++;
            boolean is = Arithmetic.plusClamped(lattice.round(score), noise.sample(bits)) >= noisyThreshold;
            above += is ? 1 : 0;
            return is;
        }

        /**
         * Tells whether all c answers were given.
         *
         * @return whether {@link #above} refuses from now on
         */
        public synchronized boolean halted() {
            return above == mechanism.answers;
        }

        /**
         * What was answered so far, and how far on the wrong side of the threshold a score can be.
         *
         * @return the evidence; its bound holds for all answers so far together
         */
        public synchronized Evidence evidence() {
            return Reporting.evidence(
                    mechanism,
                    token,
                    Map.of(
                            "threshold", mechanism.threshold,
                            "sensitivity", mechanism.sensitivity,
                            "epsilon", mechanism.epsilon,
                            "answers", mechanism.answers,
                            "monotone", mechanism.monotone,
                            "neighbouring", mechanism.neighbouring,
                            "lattice-exponent", lattice.exponent(),
                            "asked", asked,
                            "above", above),
                    Reporting.bound("threshold-error", error(0.5), error(Reporting.ERROR), Math.max(1, asked)));
        }

        /** P(|K| > q) is at most exp(−q / scale): half of β for the threshold, half for all scores. */
        private double error(double beta) {
            double ofThreshold = mechanism.thresholdScale(lattice) * Math.log(2 / beta);
            double ofScores = mechanism.scoreScale(lattice) * Math.log(2 * Math.max(1.0, asked) / beta);
            return lattice.halfWidth(ofThreshold + ofScores);
        }
    }
}
