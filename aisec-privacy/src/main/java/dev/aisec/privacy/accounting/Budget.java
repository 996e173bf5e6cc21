// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * How much may be given away in all, in one of three currencies. A {@link BudgetLedger} adds up what releases cost and refuses
 * what would exceed it.
 *
 * <p>Guarantee: everything released against the budget, together, is ε-differentially private, (ε, δ)-differentially private,
 * or δ-approximate ρ-zero-concentrated differentially private; even if each query, its mechanism and its parameters are chosen
 * after seeing all earlier answers (fully adaptive composition). No number of releases need be known beforehand. It holds for
 * what is released through one ledger; two ledgers over the same people add up.
 *
 * <p>Which one: {@link Pure} for few releases with Laplace noise or randomized response; {@link ZeroConcentrated} for many
 * releases or Gaussian noise, where its cost grows with the square root of their number; {@link Approximate} where each
 * release is a large composition of its own, such as a training run, or where an (ε, δ) is prescribed and releases are few.
 *
 * <p>Mechanisms that answer several times for one token, such as above-threshold, may be asked in turns with others: Haney,
 * Shoemate, Tian, Vadhan, Vyrros, Xu, Zhang, Concurrent Composition for Interactive Differential Privacy with Adaptive
 * Privacy-Loss Parameters, CCS 2023.
 *
 * <p>Source: pure and approximate: Rogers, Roth, Ullman, Vadhan, Privacy Odometers and Filters: Pay-as-you-Go Composition,
 * NeurIPS 2016 (sums of ε and δ are a valid filter); zero-concentrated: Whitehouse, Ramdas, Rogers, Wu, Fully-Adaptive
 * Composition in Differential Privacy, ICML 2023, theorem 1; Feldman, Zrnic, Individual Privacy Accounting via a Rényi Filter,
 * NeurIPS 2021.
 */
public sealed interface Budget {
    /**
     * Returns the relation under which everything is accounted.
     *
     * @return the relation
     */
    Neighbouring neighbouring();

    /**
     * A budget in ε alone.
     *
     * @param epsilon ε in all; positive, at most 2^40
     * @param neighbouring the relation
     * @return the budget
     */
    static Pure pure(double epsilon, Neighbouring neighbouring) {
        return new Pure(epsilon, neighbouring);
    }

    /**
     * A budget in ε and δ.
     *
     * @param epsilon ε in all; positive, at most 2^40
     * @param delta δ in all; in [0, 1)
     * @param deltaPerRelease what each release without an (ε, δ) of its own, such as one with Gaussian noise, takes of δ; in
     *     [0, δ], 0 to refuse such releases
     * @param neighbouring the relation
     * @return the budget
     */
    static Approximate approximate(double epsilon, double delta, double deltaPerRelease, Neighbouring neighbouring) {
        return new Approximate(epsilon, delta, deltaPerRelease, neighbouring);
    }

    /**
     * A budget in ρ, and δ for releases that have one.
     *
     * @param rho ρ in all; positive, at most 2^40
     * @param delta δ in all for releases that are (ε, δ)-differentially private; in [0, 1), 0 to refuse them
     * @param neighbouring the relation
     * @return the budget
     */
    static ZeroConcentrated zeroConcentrated(double rho, double delta, Neighbouring neighbouring) {
        return new ZeroConcentrated(rho, delta, neighbouring);
    }

    /**
     * A budget in ρ whose releases, together, are (ε, δ)-differentially private: the largest ρ whose conversion at
     * δ − {@code approximateDelta} stays within ε.
     *
     * <p>Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, proposition 12.
     *
     * @param epsilon ε in all; positive and finite
     * @param delta δ in all; in (0, 1)
     * @param approximateDelta the part of δ for releases that are (ε, δ)-differentially private; in [0, δ), 0 to refuse them
     * @param neighbouring the relation
     * @return the budget
     */
    static ZeroConcentrated zeroConcentratedWithin(
            double epsilon, double delta, double approximateDelta, Neighbouring neighbouring) {
        if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be > 0 and finite, was " + epsilon);
        }
        if (!(delta > 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in (0, 1), was " + delta);
        }
        if (!(approximateDelta >= 0 && approximateDelta < delta)) {
            throw new IllegalArgumentException(
                    "approximateDelta must be in [0, delta), was " + approximateDelta + " with delta " + delta);
        }
        double converted = approximateDelta == 0 ? delta : Math.nextDown(delta - approximateDelta);
        double rho = Conversions.rho(epsilon, converted);
        if (!(rho > 0)) {
            throw new IllegalArgumentException(
                    "epsilon must allow for some rho at delta " + converted + ", was " + epsilon);
        }
        return new ZeroConcentrated(rho, approximateDelta, neighbouring);
    }

    /**
     * A budget in ε alone.
     *
     * @param epsilon ε in all; positive, at most 2^40
     * @param neighbouring the relation
     */
    record Pure(double epsilon, Neighbouring neighbouring) implements Budget {
        /** Checks ε. */
        public Pure {
            requireAmount("epsilon", epsilon);
        }
    }

    /**
     * A budget in ε and δ. A release without an (ε, δ) of its own costs the δ per release, and the ε that the accountants
     * certify for it at that δ; a composed loss counts as one release.
     *
     * @param epsilon ε in all; positive, at most 2^40
     * @param delta δ in all; in [0, 1)
     * @param deltaPerRelease δ that a release without one of its own takes; in [0, δ]
     * @param neighbouring the relation
     */
    record Approximate(double epsilon, double delta, double deltaPerRelease, Neighbouring neighbouring)
            implements Budget {
        /** Checks ε and δ. */
        public Approximate {
            requireAmount("epsilon", epsilon);
            requireDelta(delta);
            if (!(deltaPerRelease >= 0 && deltaPerRelease <= delta)) {
                throw new IllegalArgumentException(
                        "deltaPerRelease must be in [0, delta], was " + deltaPerRelease + " with delta " + delta);
            }
        }
    }

    /**
     * A budget in ρ, and δ for releases that have one. A release of ε-differential privacy costs min(ε²/2, ε), Gaussian noise costs
     * Δ²/(2σ²).
     *
     * <p>Source: Bun, Steinke, Concentrated Differential Privacy, TCC 2016, propositions 1.4 and 1.6 and section 8.
     *
     * @param rho ρ in all; positive, at most 2^40
     * @param delta δ in all of approximate releases; in [0, 1)
     * @param neighbouring the relation
     */
    record ZeroConcentrated(double rho, double delta, Neighbouring neighbouring) implements Budget {
        /** Checks ρ and δ. */
        public ZeroConcentrated {
            requireAmount("rho", rho);
            requireDelta(delta);
        }
    }

    private static void requireAmount(String name, double value) {
        if (!(value > 0 && value <= 0x1p40)) {
            throw new IllegalArgumentException(name + " must be in (0, 2^40], was " + value);
        }
    }

    private static void requireDelta(double delta) {
        if (!(delta >= 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in [0, 1), was " + delta);
        }
    }
}
