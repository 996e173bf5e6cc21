// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.DiscreteGaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import dev.aisec.privacy.accounting.PrivacyLoss.ZeroConcentrated;

/**
 * Zero-concentrated differential privacy: one number ρ per release, and ρ adds up. Near the truth for many unsampled releases
 * with Gaussian noise; it gains nothing from sampling.
 *
 * <p>Gaussian noise has ρ = 1 / (2σ²), so has discrete Gaussian noise, and ε-differential privacy has ρ = min(ε² / 2, ε). The δ
 * of an (ε, δ) loss is set aside first (definition 8.1). The best order turns ρ into (ε, δ).
 *
 * <p>The lower end is that of Gaussian noise with the same ρ where the parts admit it.
 *
 * <p>Source: Bun, Steinke, Concentrated Differential Privacy, TCC 2016, propositions 1.4 and 1.6, lemma 1.7, section 8; Canonne,
 * Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, theorem 4 and proposition 12.
 */
public record ZcdpAccountant() implements Accountant {
    @Override
    public String name() {
        return "zCDP";
    }

    /**
     * The ρ of a loss, rounded up, leaving aside the δ of {@link Approximate} parts.
     *
     * @param loss the loss
     * @return ρ
     */
    public double rho(PrivacyLoss loss) {
        double sum = 0;
        for (Part part : Profile.parts(loss)) {
            double rho = single(part.loss());
            if (rho > 0) {
                sum = Math.nextUp(sum + Math.nextUp(part.times() * rho));
            }
        }
        return sum;
    }

    @Override
    public PrivacyInterval epsilon(PrivacyLoss loss, double delta) {
        Checks.delta(delta);
        double aside = aside(loss);
        // (1 − δ₀)(1 − δ') = 1 − δ.
        double left = (delta - aside) / (1 - aside);
        double upper = aside > 0
                ? left > 0
                        ? Zcdp.epsilon(rho(loss), left * (1 - 1e-15))
                        : left == 0 && rho(loss) == 0 ? 0 : Double.POSITIVE_INFINITY
                : Zcdp.epsilon(rho(loss), delta);
        double lower = Search.epsilonLower(Profile.floor(loss)::lower, delta);
        return new PrivacyInterval(Math.min(lower, upper), upper);
    }

    @Override
    public PrivacyInterval delta(PrivacyLoss loss, double epsilon) {
        Checks.epsilon(epsilon);
        double aside = aside(loss);
        double upper = Math.min(1, Math.nextUp(aside + Math.nextUp((1 - aside) * Zcdp.delta(rho(loss), epsilon))));
        if (aside == 0 && rho(loss) == 0) {
            upper = 0;
        }
        return new PrivacyInterval(Math.min(upper, Profile.floor(loss).lower(epsilon)), upper);
    }

    private double single(PrivacyLoss loss) {
        if (loss instanceof Gaussian gaussian) {
            return half(1 / gaussian.noiseMultiplier());
        }
        if (loss instanceof DiscreteGaussian discrete) {
            return half(discrete.sensitivity() / discrete.sigma());
        }
        if (loss instanceof ZeroConcentrated concentrated) {
            return concentrated.rho();
        }
        if (loss instanceof PoissonSampled sampled && Profile.own(sampled) == null) {
            // Rényi divergence is quasi-convex, so sampling never adds to it.
            return rho(sampled.loss());
        }
        Approximate own = Profile.own(loss);
        if (own == null) {
            throw new IllegalArgumentException("loss must have a finite rho, was " + loss);
        }
        return Math.min(half(own.epsilon()), own.epsilon());
    }

    private static double half(double ratio) {
        return ratio == 0 ? 0 : ratio * ratio / 2 * (1 + 1e-15);
    }

    /** The probability that some part breaks altogether, rounded up: 1 − Π (1 − δᵢ). */
    static double aside(PrivacyLoss loss) {
        double log = 0;
        for (Part part : Profile.parts(loss)) {
            if (part.loss() instanceof PoissonSampled sampled && Profile.own(sampled) == null) {
                // A sampled composition: its parts' δ counts in full.
                log += part.times() * Math.log1p(-aside(sampled.loss()));
                continue;
            }
            Approximate own = Profile.own(part.loss());
            if (own != null && own.delta() > 0) {
                log += part.times() * Math.log1p(-own.delta());
            }
        }
        return log == 0 ? 0 : Math.min(Math.nextDown(1.0), -Math.expm1(log) * (1 + 1e-14));
    }
}
