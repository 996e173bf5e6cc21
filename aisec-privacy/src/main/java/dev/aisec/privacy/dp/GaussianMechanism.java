// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.GaussianCalibration;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The Gaussian mechanism for a real number: adds normal noise of standard deviation σ and rounds to a lattice of 2^m, m from the
 * sensitivity alone.
 *
 * <p>Guarantee: exactly the loss of continuous Gaussian noise of noise multiplier σ/Δ. The value is rounded to the lattice
 * first, which takes part in the sensitivity (at most a millionth more noise); the noise is a normal variable rounded to the
 * lattice, drawn exactly, so that the sum is a rounding of value plus continuous noise. No floating point is drawn, so that the
 * digits of the result show nothing. Values beyond 2⁴⁰ sensitivities are clamped there, and the interval is then open to that
 * side.
 *
 * <p>Assumptions: neighbours change the value, as computed, by at most Δ. A sum of doubles depends on their order and may
 * break that; sums of this library do not.
 *
 * <p>Source: Balle, Wang, Improving the Gaussian Mechanism for Differential Privacy: Analytical Calibration and Optimal
 * Denoising, ICML 2018, theorem 8; Mironov, On Significance of the Least Significant Bits for Differential Privacy, CCS 2012.
 *
 * @param sensitivity Δ: how much neighbours change the value at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier σ / Δ; in [2⁻¹⁵, 2²⁸]
 * @param neighbouring the relation under which Δ holds
 */
public record GaussianMechanism(double sensitivity, double noiseMultiplier, Neighbouring neighbouring)
        implements Mechanism<Double, Double> {
    /** Checks the parameters. */
    public GaussianMechanism {
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange(
                "noiseMultiplier",
                noiseMultiplier,
                LaplaceMechanism.LEAST_MULTIPLIER,
                LaplaceMechanism.MOST_MULTIPLIER);
    }

    /**
     * The least noise for (ε, δ).
     *
     * @param epsilon ε; at least 0 and finite
     * @param delta δ; in (0, 1)
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism, which is (ε, δ)-differentially private
     */
    public static GaussianMechanism of(double epsilon, double delta, double sensitivity, Neighbouring neighbouring) {
        return new GaussianMechanism(sensitivity, GaussianCalibration.noiseMultiplier(epsilon, delta), neighbouring);
    }

    /**
     * For a standard deviation.
     *
     * @param sigma σ; positive and finite
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism whose noise has at least this standard deviation
     */
    public static GaussianMechanism ofSigma(double sigma, double sensitivity, Neighbouring neighbouring) {
        Checks.requirePositive("sigma", sigma);
        Checks.requireSensitivity(sensitivity);
        return new GaussianMechanism(sensitivity, Arithmetic.overUp(sigma, sensitivity), neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Gaussian(noiseMultiplier, asked);
    }

    @Override
    public Release<Double> release(Double value, SpendToken token) {
        double own = value;
        Checks.requireFinite("value", own);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        ValueLattice lattice = ValueLattice.of(sensitivity);
        long point = draw(lattice, own, SecureBits.current());
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", sensitivity,
                        "noise-multiplier", noiseMultiplier,
                        "neighbouring", neighbouring,
                        "lattice-exponent", lattice.exponent()),
                Reporting.scalar(
                        "value", Reporting.aroundPoint(lattice, point, Reporting.NORMAL_QUANTILE * sigma(lattice))));
        return new Release<>(lattice.toDouble(point), loss, evidence);
    }

    long draw(ValueLattice lattice, double value, BitSource bits) {
        return Arithmetic.plusClamped(
                lattice.round(value), RoundedGaussian.of(sigma(lattice)).sample(bits));
    }

    /** σ in steps. */
    private double sigma(ValueLattice lattice) {
        return Arithmetic.timesUp(noiseMultiplier, lattice.steps());
    }
}
