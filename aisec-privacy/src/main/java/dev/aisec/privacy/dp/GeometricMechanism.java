// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The geometric mechanism for an integer: adds discrete Laplace noise, P(k) proportional to exp(−ε |k| / Δ).
 *
 * <p>Guarantee: ε-differential privacy, with noise of exactly that distribution (in ε the scale Δ/ε is rounded up to a double).
 * The loss is told as pure ε, which is exact for Δ = 1: randomized response is its worst case. The loss of continuous Laplace noise
 * would be too small: δ at ε = 0 is tanh(ε/2) here, and 1 − exp(−ε/2) there. A sum beyond the range of long is clamped.
 *
 * <p>Assumptions: neighbours change the value by at most Δ.
 *
 * <p>Source: Ghosh, Roughgarden, Sundararajan, Universally Utility-Maximizing Privacy Mechanisms, STOC 2009, definition 2.2;
 * Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, algorithm 2 (sampling).
 *
 * @param sensitivity Δ: how much neighbours change the value at most; in [1, 2²⁸]
 * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
 * @param neighbouring the relation under which Δ holds
 */
public record GeometricMechanism(long sensitivity, double epsilon, Neighbouring neighbouring)
        implements Mechanism<Long, Long> {
    /** Checks the parameters. */
    public GeometricMechanism {
        if (sensitivity < 1 || sensitivity > 1L << 28) {
            throw new IllegalArgumentException("sensitivity must be in [1, 2^28], was " + sensitivity);
        }
        Checks.requireRange("epsilon", epsilon, 0x1p-20, 0x1p15);
    }

    /**
     * For an ε.
     *
     * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
     * @param sensitivity Δ; in [1, 2²⁸]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static GeometricMechanism of(double epsilon, long sensitivity, Neighbouring neighbouring) {
        return new GeometricMechanism(sensitivity, epsilon, neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Pure(epsilon, asked);
    }

    @Override
    public Release<Long> release(Long value, SpendToken token) {
        long own = value;
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        DiscreteLaplace noise = DiscreteLaplace.of(scale());
        long released = Arithmetic.plusClamped(own, noise.sample(SecureBits.current()));
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of("sensitivity", sensitivity, "epsilon", epsilon, "neighbouring", neighbouring),
                Reporting.scalar("value", Reporting.around(released, noise.quantile(Reporting.ERROR))));
        return new Release<>(released, loss, evidence);
    }

    private double scale() {
        return Arithmetic.overUp(sensitivity, epsilon);
    }
}
