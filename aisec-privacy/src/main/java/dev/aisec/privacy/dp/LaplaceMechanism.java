// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The Laplace mechanism for a real number: adds noise of scale b and rounds to a lattice of 2^m, m from the sensitivity alone.
 *
 * <p>Guarantee: exactly the loss of continuous Laplace noise, ε = Δ/b by itself. The value is rounded to the lattice first, which
 * takes part in the sensitivity (at most a millionth more noise); the noise is a Laplace variable rounded to the lattice, drawn
 * exactly, so that the sum is a rounding of value plus continuous noise. No floating point is drawn, so that the digits of the
 * result show nothing (Mironov's attack does not apply). Values beyond 2⁴⁰ sensitivities are clamped there, and the interval is
 * then open to that side.
 *
 * <p>Assumptions: neighbours change the value, as computed, by at most Δ. A sum of doubles depends on their order and may
 * break that; sums of this library do not.
 *
 * <p>Source: Dwork, McSherry, Nissim, Smith, Calibrating Noise to Sensitivity in Private Data Analysis, TCC 2006, proposition 1;
 * Mironov, On Significance of the Least Significant Bits for Differential Privacy, CCS 2012; Canonne, Kamath, Steinke, The
 * Discrete Gaussian for Differential Privacy, NeurIPS 2020, algorithm 2 (sampling).
 *
 * @param sensitivity Δ: how much neighbours change the value at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier b / Δ, that is 1/ε; in [2⁻¹⁵, 2²⁸]
 * @param neighbouring the relation under which Δ holds
 */
public record LaplaceMechanism(double sensitivity, double noiseMultiplier, Neighbouring neighbouring)
        implements Mechanism<Double, Double> {
    static final double LEAST_MULTIPLIER = 0x1p-15;
    static final double MOST_MULTIPLIER = 0x1p28;

    /** Checks the parameters. */
    public LaplaceMechanism {
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange("noiseMultiplier", noiseMultiplier, LEAST_MULTIPLIER, MOST_MULTIPLIER);
    }

    /**
     * For an ε.
     *
     * @param epsilon ε; in [2⁻²⁸, 2¹⁵]
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism whose loss is at most ε
     */
    public static LaplaceMechanism of(double epsilon, double sensitivity, Neighbouring neighbouring) {
        Checks.requireRange("epsilon", epsilon, 1 / MOST_MULTIPLIER, 1 / LEAST_MULTIPLIER);
        return new LaplaceMechanism(sensitivity, Arithmetic.overUp(1, epsilon), neighbouring);
    }

    /**
     * For a scale.
     *
     * @param scale b; positive and finite
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism whose noise has at least this scale
     */
    public static LaplaceMechanism ofScale(double scale, double sensitivity, Neighbouring neighbouring) {
        Checks.requirePositive("scale", scale);
        Checks.requireSensitivity(sensitivity);
        return new LaplaceMechanism(sensitivity, Arithmetic.overUp(scale, sensitivity), neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Laplace(noiseMultiplier, asked);
    }

    @Override
    public Release<Double> release(Double value, SpendToken token) {
        double own = value;
        Checks.requireFinite("value", own);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        ValueLattice lattice = ValueLattice.of(sensitivity);
        long point = draw(lattice, own, SecureBits.current());
        double released = lattice.toDouble(point);
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", sensitivity,
                        "noise-multiplier", noiseMultiplier,
                        "neighbouring", neighbouring,
                        "lattice-exponent", lattice.exponent()),
                Reporting.scalar("value", Reporting.aroundPoint(lattice, point, quantile(lattice))));
        return new Release<>(released, loss, evidence);
    }

    long draw(ValueLattice lattice, double value, BitSource bits) {
        return Arithmetic.plusClamped(
                lattice.round(value), RoundedLaplace.of(scale(lattice)).sample(bits));
    }

    /** Half the width of the interval, in the unit of the value. */
    double halfWidth(ValueLattice lattice) {
        return lattice.halfWidth(quantile(lattice));
    }

    /** P(|X| > b ln(1/β)) = β. */
    private double quantile(ValueLattice lattice) {
        return scale(lattice) * -Math.log(Reporting.ERROR);
    }

    /** b in steps. */
    private double scale(ValueLattice lattice) {
        return Arithmetic.timesUp(noiseMultiplier, lattice.steps());
    }
}
