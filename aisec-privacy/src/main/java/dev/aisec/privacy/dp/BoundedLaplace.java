// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The Laplace mechanism for a number that is known to lie in an interval: the noisy value is clamped to it.
 *
 * <p>Guarantee: the loss of {@link LaplaceMechanism}, for clamping is post-processing. The released value is never further from
 * the true one than without, but no longer without bias. The distribution has atoms at both ends. The interval in the evidence
 * lies in the bounds.
 *
 * <p>Assumptions: as {@link LaplaceMechanism}; the bounds do not depend on the data. A true value outside is clamped first.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, proposition 2.1 (post-processing).
 *
 * @param laplace noise, sensitivity and relation
 * @param lower least value; within 2³⁹ sensitivities
 * @param upper largest value; within 2³⁹ sensitivities, above {@code lower}
 */
public record BoundedLaplace(LaplaceMechanism laplace, double lower, double upper)
        implements Mechanism<Double, Double> {
    /** Checks the bounds. */
    public BoundedLaplace {
        if (!(Double.isFinite(lower) && Double.isFinite(upper) && lower < upper)) {
            throw new IllegalArgumentException(
                    "lower must be < upper and both finite, were " + lower + " and " + upper);
        }
        double most = Math.scalb(laplace.sensitivity(), 39);
        if (lower < -most || upper > most) {
            throw new IllegalArgumentException(
                    "lower and upper must be within 2^39 sensitivities, were " + lower + " and " + upper);
        }
    }

    /**
     * For an ε.
     *
     * @param epsilon ε; in [2⁻²⁸, 2¹⁵]
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param lower least value; finite
     * @param upper largest value; finite, above {@code lower}
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism whose loss is at most ε
     */
    public static BoundedLaplace of(
            double epsilon, double sensitivity, double lower, double upper, Neighbouring neighbouring) {
        return new BoundedLaplace(LaplaceMechanism.of(epsilon, sensitivity, neighbouring), lower, upper);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        return laplace.loss(asked);
    }

    @Override
    public Release<Double> release(Double value, SpendToken token) {
        double own = value;
        Checks.requireFinite("value", own);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        ValueLattice lattice = ValueLattice.of(laplace.sensitivity());
        long point = laplace.draw(lattice, clamp(own), SecureBits.current());
        double released = clamp(lattice.toDouble(point));
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", laplace.sensitivity(),
                        "noise-multiplier", laplace.noiseMultiplier(),
                        "neighbouring", laplace.neighbouring(),
                        "lattice-exponent", lattice.exponent(),
                        "lower", lower,
                        "upper", upper),
                Reporting.scalar("value", Reporting.within(released, laplace.halfWidth(lattice), lower, upper)));
        return new Release<>(released, loss, evidence);
    }

    private double clamp(double value) {
        return Math.max(lower, Math.min(upper, value));
    }
}
