// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The discrete Gaussian mechanism for an integer: adds noise with P(k) proportional to exp(−k² / (2σ²)).
 *
 * <p>Guarantee: the loss of the discrete Gaussian, Δ²/(2σ²)-concentrated, with noise of exactly that distribution. A sum beyond
 * the range of long is clamped.
 *
 * <p>Assumptions: neighbours change the value by at most Δ.
 *
 * <p>Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, definition 1, theorems 4 and
 * 7.
 *
 * @param sensitivity Δ: how much neighbours change the value at most; at least 1
 * @param sigma σ, the parameter and nearly the standard deviation; in [2⁻⁵, 2⁵⁰]
 * @param neighbouring the relation under which Δ holds
 */
public record DiscreteGaussianMechanism(long sensitivity, double sigma, Neighbouring neighbouring)
        implements Mechanism<Long, Long> {
    /** Checks the parameters. */
    public DiscreteGaussianMechanism {
        if (sensitivity < 1) {
            throw new IllegalArgumentException("sensitivity must be >= 1, was " + sensitivity);
        }
        Checks.requireRange("sigma", sigma, 0x1p-5, 0x1p50);
    }

    /**
     * For a standard deviation.
     *
     * @param sigma σ; in [2⁻⁵, 2⁵⁰]
     * @param sensitivity Δ; at least 1
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static DiscreteGaussianMechanism of(double sigma, long sensitivity, Neighbouring neighbouring) {
        return new DiscreteGaussianMechanism(sensitivity, sigma, neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.DiscreteGaussian(sigma, sensitivity, asked);
    }

    @Override
    public Release<Long> release(Long value, SpendToken token) {
        long own = value;
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        DiscreteGaussian noise = DiscreteGaussian.of(sigma);
        long released = Arithmetic.plusClamped(own, noise.sample(SecureBits.current()));
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of("sensitivity", sensitivity, "sigma", sigma, "neighbouring", neighbouring),
                Reporting.scalar("value", Reporting.around(released, noise.quantile(Reporting.ERROR))));
        return new Release<>(released, loss, evidence);
    }
}
