// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;

/**
 * The mean of clamped values, with noise.
 *
 * <p>Guarantee: the loss of {@code noise} in all, hiding all entries of one user. Noise goes to the sum of the values' distances from
 * the middle of the bounds and, in equal shares of the loss, to their number. Under REPLACE_ONE with one entry of each user, the number
 * is public and all goes to the sum. The interval of a release covers the mean of the values as clamped and kept with 95 %; it is
 * all that the bounds allow where the number may be 0.
 *
 * <p>Assumptions: as for {@link BoundedSum}. The mean is not unbiased: the number's noise and the clamping to the bounds pull it to
 * the middle where entries are few.
 *
 * <p>Source: Li, Lyu, Su, Yang, Differential Privacy: From Theory to Practice, 2016, section 2.5 (mean from centred sum and
 * count).
 *
 * @param lower least value of an entry; finite, within 2¹⁹ widths of 0
 * @param upper largest value of an entry; above {@code lower}
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record Mean(double lower, double upper, int contributions, StatisticNoise noise)
        implements Mechanism<SumAccumulator, Double> {
    /** Checks the parameters. */
    public Mean {
        SumLattice.of(lower, upper);
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the mean
     */
    public static Mean of(double lower, double upper, double epsilon) {
        return new Mean(lower, upper, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param noiseMultiplier σ over the sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the mean
     */
    public static Mean gaussian(double lower, double upper, double noiseMultiplier) {
        return new Mean(lower, upper, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public Mean withContributions(int contributions) {
        return new Mean(lower, upper, contributions, noise);
    }

    /**
     * Makes what takes the values.
     *
     * @return a new accumulator
     */
    public SumAccumulator accumulator() {
        return new SumAccumulator(lower, upper, contributions, false);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return Statistics.loss(new CentredNoise(lower, upper, contributions, noise, false).parts(neighbouring));
    }

    @Override
    public Release<Double> release(SumAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<Double> release(SumAccumulator value, SpendToken token, BitSource bits) {
        value.require(lower, upper, contributions, false);
        CentredNoise centred = new CentredNoise(lower, upper, contributions, noise, false);
        List<NoisePart> parts = centred.parts(token.loss().neighbouring());
        List<NoisePart.Sampler> samplers =
                parts.stream().map(NoisePart::sampler).toList();
        PrivacyLoss loss = Statistics.loss(parts);
        token.use(loss);
        CentredNoise.Drawn drawn = centred.draw(value, samplers, bits);
        SumLattice lattice = value.lattice();
        CentredNoise.Range mean = drawn.mean(lattice);
        Estimate estimate = Reporting.between(
                // Rounding to the lattice moves the mean by half a step.
                toValue(lattice, mean.value()),
                toValue(lattice, mean.low() - 0.5),
                toValue(lattice, mean.high() + 0.5));
        return new Release<>(
                toValue(lattice, mean.value()),
                loss,
                Statistics.evidence(
                        "mean",
                        token,
                        contributions,
                        noise,
                        Map.of("lower", lower, "upper", upper, "lattice-exponent", lattice.exponent()),
                        Reporting.scalar("value", estimate)));
    }

    private double toValue(SumLattice lattice, double centred) {
        return Math.min(upper, Math.max(lower, Math.scalb(lattice.middle() + centred, lattice.exponent())));
    }
}
