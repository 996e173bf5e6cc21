// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * Laplace noise that never exceeds a bound A: of scale Δ/ε, truncated to [−A, A] with A = (Δ/ε) ln(1 + (e^ε − 1) / (2δ)). For
 * large δ better than Gaussian noise, and the error is bounded for certain.
 *
 * <p>Guarantee: (ε, δ)-differential privacy. On the lattice the noise is discrete Laplace given that it is at most A, drawn
 * exactly; δ is the probability of the outermost Δ, which only one of two neighbours can reach. The truth is in the interval
 * of the evidence at 95 %, and within A of the release always.
 *
 * <p>Assumptions: neighbours change the value, as computed, by at most Δ.
 *
 * <p>Source: Geng, Ding, Guo, Kumar, Tight Analysis of Privacy and Utility Tradeoff in Approximate Differential Privacy, AISTATS
 * 2020, definition 3 and theorem 1.
 *
 * @param sensitivity Δ: how much neighbours change the value at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param epsilon ε; in [2⁻²⁰, 100]
 * @param delta δ; in [10⁻³⁰⁰, 1/2]
 * @param neighbouring the relation under which Δ holds
 */
public record TruncatedLaplace(double sensitivity, double epsilon, double delta, Neighbouring neighbouring)
        implements Mechanism<Double, Double> {
    /** Checks the parameters. */
    public TruncatedLaplace {
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange("epsilon", epsilon, 0x1p-20, 100);
        Checks.requireRange("delta", delta, 1e-300, 0.5);
    }

    /**
     * For ε and δ.
     *
     * @param epsilon ε; in [2⁻²⁰, 100]
     * @param delta δ; in [10⁻³⁰⁰, 1/2]
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static TruncatedLaplace of(double epsilon, double delta, double sensitivity, Neighbouring neighbouring) {
        return new TruncatedLaplace(sensitivity, epsilon, delta, neighbouring);
    }

    /**
     * How much the release differs from the truth at most, rounding to the lattice included.
     *
     * @return A, in the unit of the value
     */
    public double bound() {
        ValueLattice lattice = ValueLattice.of(sensitivity);
        return lattice.halfWidth(bound(lattice.steps()));
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Approximate(epsilon, delta, asked);
    }

    @Override
    public Release<Double> release(Double value, SpendToken token) {
        double own = value;
        Checks.requireFinite("value", own);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        ValueLattice lattice = ValueLattice.of(sensitivity);
        long steps = lattice.steps();
        long point = Arithmetic.plusClamped(lattice.round(own), noise(steps, sampler(steps), SecureBits.current()));
        // Truncation only shortens the tails, so that the quantile of the whole distribution is large enough.
        double quantile = Math.min(scale(steps) * -Math.log(Reporting.ERROR) + 1, bound(steps));
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", sensitivity,
                        "epsilon", epsilon,
                        "delta", delta,
                        "bound", bound(),
                        "neighbouring", neighbouring,
                        "lattice-exponent", lattice.exponent()),
                Reporting.scalar("value", Reporting.aroundPoint(lattice, point, quantile)));
        return new Release<>(lattice.toDouble(point), loss, evidence);
    }

    DiscreteLaplace sampler(long steps) {
        return DiscreteLaplace.of(scale(steps));
    }

    long noise(long steps, DiscreteLaplace laplace, BitSource bits) {
        long bound = bound(steps);
        while (true) {
            long noise = laplace.sample(bits);
            if (-bound <= noise && noise <= bound) {
                return noise;
            }
        }
    }

    private double scale(long steps) {
        return Arithmetic.overUp(steps, epsilon);
    }

    /**
     * A in steps. With a = exp(−1/scale) the outermost Δ has probability a^(A−Δ+1) (1 − a^Δ) / (1 + a − 2 a^(A+1)), which is at most
     * δ if A ≥ scale · ln((e^ε − 1 + 2δ) · a / ((1 + a) δ)); a/(1 + a) is at most 1/2. Rounded up.
     */
    long bound(long steps) {
        double odds = Math.expm1(epsilon) / (2 * delta);
        // Beyond the doubles the 1 is far below the slack of 1e-12.
        double logarithm = odds < Double.POSITIVE_INFINITY
                ? Math.log1p(odds)
                : Math.log(Math.expm1(epsilon)) - Math.log(2 * delta);
        return (long) Math.ceil(scale(steps) * logarithm * (1 + 1e-12)) + 1;
    }
}
