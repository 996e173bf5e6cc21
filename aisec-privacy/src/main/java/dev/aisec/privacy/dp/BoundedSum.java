// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.math.BigInteger;
import java.util.Map;

/**
 * The sum of clamped values, with noise.
 *
 * <p>Guarantee: the loss of {@code noise}, hiding all entries of one user. Sum, sensitivity and noise are integers on one lattice,
 * exact whatever the order of values. The interval of a release covers the sum of the values as clamped, rounded and kept with 95 %; a
 * value is rounded by at most 2⁻³¹ of the width of the bounds.
 *
 * <p>Assumptions: bounds, like all parameters, are chosen without looking at the data. Under REPLACE_ONE every record is added,
 * and each user has at least one; who adds only some chooses bounds with 0 between them. Under
 * ZERO_OUT, as under ADD_REMOVE, the record that counts for nothing is not added; a value of 0 that is added is a record.
 *
 * <p>Formula: a user adds between min(lower, m·lower) and max(upper, m·upper); the sensitivity is that of
 * {@link Neighbouring#sumSensitivity}, in steps of the lattice.
 *
 * <p>Source: Dwork, McSherry, Nissim, Smith, TCC 2006, proposition 1; Casacuberta, Shoemate, Vadhan, Wagaman, CCS 2022.
 *
 * @param lower least value of an entry; finite, within 2¹⁹ widths of 0
 * @param upper largest value of an entry; above {@code lower}
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record BoundedSum(double lower, double upper, int contributions, StatisticNoise noise)
        implements Mechanism<SumAccumulator, Double> {
    /** Checks the parameters. */
    public BoundedSum {
        SumLattice.of(lower, upper);
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the sum
     */
    public static BoundedSum of(double lower, double upper, double epsilon) {
        return new BoundedSum(lower, upper, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, one entry of each user.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param noiseMultiplier σ over the sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the sum
     */
    public static BoundedSum gaussian(double lower, double upper, double noiseMultiplier) {
        return new BoundedSum(lower, upper, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public BoundedSum withContributions(int contributions) {
        return new BoundedSum(lower, upper, contributions, noise);
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
        return part(neighbouring).loss();
    }

    @Override
    public Release<Double> release(SumAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<Double> release(SumAccumulator value, SpendToken token, BitSource bits) {
        value.require(lower, upper, contributions, false);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        token.use(part.loss());
        SumLattice lattice = value.lattice();
        BigInteger released = value.totals().sum().add(BigInteger.valueOf(sampler.sample(bits)));
        BigInteger half = BigInteger.valueOf(sampler.quantile(Reporting.ERROR));
        double result = lattice.toDouble(released);
        Estimate estimate = Reporting.between(
                result, lattice.toDouble(released.subtract(half)), lattice.toDouble(released.add(half)));
        return new Release<>(
                result,
                part.loss(),
                Statistics.evidence(
                        "bounded-sum",
                        token,
                        contributions,
                        noise,
                        Map.of("lower", lower, "upper", upper, "lattice-exponent", lattice.exponent()),
                        Reporting.scalar("value", estimate)));
    }

    private NoisePart part(Neighbouring neighbouring) {
        SumLattice lattice = SumLattice.of(lower, upper);
        return Statistics.part(noise, 1, lattice.low(), lattice.high(), contributions, neighbouring);
    }
}
