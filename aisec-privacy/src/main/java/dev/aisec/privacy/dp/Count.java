// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * The number of entries, with noise; of users, with one contribution each.
 *
 * <p>Guarantee: the loss of {@code noise}, hiding all entries of one user. The interval of a release covers the number of entries
 * kept with 95 %. The value may be negative; to cut it off at 0 is the reader's choice and costs nothing.
 *
 * <p>Assumption: a record may or may not count, under every relation: a user changes the count by up to m.
 *
 * <p>Source: Ghosh, Roughgarden, Sundararajan, Universally Utility-Maximizing Privacy Mechanisms, STOC 2009 (discrete Laplace noise
 * is best for a count).
 *
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record Count(int contributions, StatisticNoise noise) implements Mechanism<CountAccumulator, Long> {
    /** Checks the contributions. */
    public Count {
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user.
     *
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the count
     */
    public static Count of(double epsilon) {
        return new Count(1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, rounded; one entry of each user.
     *
     * @param noiseMultiplier σ over m; in [2⁻¹⁰, 2³⁰]
     * @return the count
     */
    public static Count gaussian(double noiseMultiplier) {
        return new Count(1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public Count withContributions(int contributions) {
        return new Count(contributions, noise);
    }

    /**
     * Makes what takes the entries.
     *
     * @return a new accumulator of one bin
     */
    public CountAccumulator accumulator() {
        return new CountAccumulator(1, contributions);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return part(neighbouring).loss();
    }

    @Override
    public Release<Long> release(CountAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<Long> release(CountAccumulator value, SpendToken token, BitSource bits) {
        value.require(1, contributions);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        token.use(part.loss());
        long released = value.totals()[0] + sampler.sample(bits);
        long half = sampler.quantile(Reporting.ERROR);
        return new Release<>(
                released,
                part.loss(),
                Statistics.evidence(
                        "count",
                        token,
                        contributions,
                        noise,
                        Map.of(),
                        Reporting.scalar("value", Reporting.between(released, released - half, released + half))));
    }

    private NoisePart part(Neighbouring neighbouring) {
        return Statistics.part(noise, 1, 0, 1, contributions, neighbouring);
    }
}
