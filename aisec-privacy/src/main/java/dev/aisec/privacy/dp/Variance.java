// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;

/**
 * The variance of clamped values (mean square distance from their mean), with noise.
 *
 * <p>Guarantee: the loss of {@code noise} in all, hiding all entries of one user, in equal shares for the sum of the values'
 * distances from the middle of the bounds, that of the squares of these, and their number; under REPLACE_ONE with one entry of each
 * user the number is public. The interval of a release covers the variance of the values as clamped, rounded and kept with 95 %; where
 * the number may be 0 it is wide.
 *
 * <p>Assumptions: as for {@link BoundedSum}; as biased as the {@link Mean}.
 *
 * <p>Formula: S₂/n − (S₁/n)² of the noisy sums, cut off at 0 and at a quarter of the squared width.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, theorem 3.16 (composition of the sums).
 *
 * @param lower least value of an entry; finite, within 2¹⁹ widths of 0
 * @param upper largest value of an entry; above {@code lower}, with a width in [2⁻⁴⁰⁰, 2⁴⁰⁰]
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record Variance(double lower, double upper, int contributions, StatisticNoise noise)
        implements Mechanism<SumAccumulator, Double> {
    /** Checks the parameters. */
    public Variance {
        SumLattice.of(lower, upper);
        if (!(upper - lower >= 0x1p-400 && upper - lower <= 0x1p400)) {
            throw new IllegalArgumentException(
                    "lower and upper must have a width in [2^-400, 2^400], were " + lower + " and " + upper);
        }
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the variance
     */
    public static Variance of(double lower, double upper, double epsilon) {
        return new Variance(lower, upper, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param noiseMultiplier σ over the sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the variance
     */
    public static Variance gaussian(double lower, double upper, double noiseMultiplier) {
        return new Variance(lower, upper, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public Variance withContributions(int contributions) {
        return new Variance(lower, upper, contributions, noise);
    }

    /**
     * Makes what takes the values; it also serves a {@link Mean} and a {@link BoundedSum} of the same bounds.
     *
     * @return a new accumulator
     */
    public SumAccumulator accumulator() {
        return new SumAccumulator(lower, upper, contributions, true);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return Statistics.loss(new CentredNoise(lower, upper, contributions, noise, true).parts(neighbouring));
    }

    @Override
    public Release<Double> release(SumAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<Double> release(SumAccumulator value, SpendToken token, BitSource bits) {
        value.require(lower, upper, contributions, true);
        CentredNoise centred = new CentredNoise(lower, upper, contributions, noise, true);
        List<NoisePart> parts = centred.parts(token.loss().neighbouring());
        List<NoisePart.Sampler> samplers =
                parts.stream().map(NoisePart::sampler).toList();
        PrivacyLoss loss = Statistics.loss(parts);
        token.use(loss);
        SumLattice lattice = value.lattice();
        CentredNoise.Range variance = centred.draw(value, samplers, bits).variance(lattice);
        int exponent = 2 * lattice.exponent();
        double released = Math.scalb(variance.value(), exponent);
        Estimate estimate = Reporting.between(
                released, Math.scalb(variance.low(), exponent), Math.scalb(variance.high(), exponent));
        return new Release<>(
                released,
                loss,
                Statistics.evidence(
                        "variance",
                        token,
                        contributions,
                        noise,
                        Map.of("lower", lower, "upper", upper, "lattice-exponent", lattice.exponent()),
                        Reporting.scalar("value", estimate)));
    }
}
