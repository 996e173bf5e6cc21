// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Bounds for {@link BoundedSum}, {@link Mean}, {@link Variance} and {@link Quantiles} where none are known: powers of two (or 0)
 * between which the entries lie, but for few. From noisy counts of bins that double in width, on both sides of 0.
 *
 * <p>Guarantee: the loss of {@code noise} for all bins together, hiding all entries of one user. No bound is due to noise alone
 * but with probability {@code failure} at most: each of the outermost bins between the bounds then has an entry. The evidence
 * says how many entries lie outside, with an interval that holds whatever the bounds with 95 %. Nothing is released if no bin has
 * enough entries.
 *
 * <p>Assumptions: exponents, like all parameters, are chosen without looking at the data. A record may or may not count, under
 * every relation. The statistic that uses the bounds has a loss of its own.
 *
 * <p>Formula: a bin counts if its noisy count is above T, where noise is beyond T in one of B bins with probability failure at
 * most. A bin of more than 2T entries is missed with probability failure/B at most.
 *
 * <p>Source: Wilson, Zhang, Lam, Desfontaines, Simmons-Marengo, Gipson, Differentially Private SQL with Bounded User
 * Contribution, PoPETs 2020 (approximate bounds).
 *
 * @param leastExponent positive bounds are 2^leastExponent at least, or 0; in [-800, 800]
 * @param largestExponent bounds are 2^largestExponent at most, and larger values count as that; above {@code leastExponent}
 * @param failure the probability of a bound that no entry is near; in [10⁻¹⁵, 1/2]
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record AutomaticBounds(
        int leastExponent, int largestExponent, double failure, int contributions, StatisticNoise noise)
        implements Mechanism<BinAccumulator, Optional<AutomaticBounds.Bounds>> {
    private static final int EXPONENT = 64;
    private static final double FAILURE = 1e-9;

    /**
     * Bounds.
     *
     * @param lower a negative or positive power of two, or 0
     * @param upper a negative or positive power of two, or 0; above {@code lower}
     */
    public record Bounds(double lower, double upper) {}

    /** Checks the parameters. */
    public AutomaticBounds {
        new ValueBins.Powers(leastExponent, largestExponent);
        if (!(failure >= 1e-15 && failure <= 0.5)) {
            throw new IllegalArgumentException("failure must be in [1e-15, 0.5], was " + failure);
        }
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user, bounds from 2⁻⁶⁴ to 2⁶⁴, and a failure of 10⁻⁹ as in the source.
     *
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the bounds
     */
    public static AutomaticBounds of(double epsilon) {
        return new AutomaticBounds(-EXPONENT, EXPONENT, FAILURE, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, one entry of each user, bounds from 2⁻⁶⁴ to 2⁶⁴, and a failure of 10⁻⁹.
     *
     * @param noiseMultiplier σ over the L2 sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the bounds
     */
    public static AutomaticBounds gaussian(double noiseMultiplier) {
        return new AutomaticBounds(-EXPONENT, EXPONENT, FAILURE, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public AutomaticBounds withContributions(int contributions) {
        return new AutomaticBounds(leastExponent, largestExponent, failure, contributions, noise);
    }

    /**
     * The same with other bounds to choose from: fewer need fewer entries.
     *
     * @param least exponent; in [-800, 800]
     * @param largest exponent; in [-800, 800], above {@code least}
     * @return a copy
     */
    public AutomaticBounds withExponents(int least, int largest) {
        return new AutomaticBounds(least, largest, failure, contributions, noise);
    }

    /**
     * The same with another probability of failure.
     *
     * @param failure the probability; in [10⁻¹⁵, 1/2]
     * @return a copy
     */
    public AutomaticBounds withFailure(double failure) {
        return new AutomaticBounds(leastExponent, largestExponent, failure, contributions, noise);
    }

    /**
     * Makes what takes the values.
     *
     * @return a new accumulator
     */
    public BinAccumulator accumulator() {
        return new BinAccumulator(bins(), contributions);
    }

    private ValueBins bins() {
        return new ValueBins.Powers(leastExponent, largestExponent);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return part(neighbouring).loss();
    }

    @Override
    public Release<Optional<Bounds>> release(BinAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<Optional<Bounds>> release(BinAccumulator value, SpendToken token, BitSource bits) {
        ValueBins bins = bins();
        value.require(bins, contributions);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        long threshold = threshold(sampler);
        token.use(part.loss());
        long[] noisy = value.totals();
        int first = noisy.length;
        int end = noisy.length;
        for (int i = 0; i < noisy.length; i++) {
            noisy[i] += sampler.sample(bits);
            if (noisy[i] > threshold) {
                first = Math.min(first, i);
                end = i + 1;
            }
        }
        Optional<Bounds> bounds =
                first == noisy.length ? Optional.empty() : Optional.of(new Bounds(bins.edge(first), bins.edge(end)));
        Evidence evidence = Statistics.evidence(
                "automatic-bounds",
                token,
                contributions,
                noise,
                Map.of(
                        "least-exponent", leastExponent,
                        "largest-exponent", largestExponent,
                        "failure", failure,
                        "threshold", threshold),
                new Measurement.Scalar(
                        "entries-outside", "1", new TreeMap<>(), outside(part, sampler, noisy, first, end)));
        return new Release<>(bounds, part.loss(), evidence);
    }

    /** T: by the union bound over the bins; the noise is symmetric, so that its upper tail is half of both. */
    long threshold(NoisePart.Sampler sampler) {
        return sampler.quantile(Math.nextDown(2 * failure / bins().count()));
    }

    /** In all bins before from, and in all from to on. The bounds of all such sums hold at once. */
    private static Estimate outside(NoisePart part, NoisePart.Sampler sampler, long[] noisy, int from, int to) {
        double sum = 0;
        for (int i = 0; i < noisy.length; i++) {
            sum += i < from || i >= to ? noisy[i] : 0;
        }
        double half = bound(part, sampler, from, noisy.length) + bound(part, sampler, noisy.length - to, noisy.length);
        return new Estimate.Measured(
                Math.max(0, sum),
                new Interval(
                        Math.max(0, Math.nextDown(sum - half)),
                        Math.max(0, Math.nextUp(sum + half)),
                        Reporting.CONFIDENCE),
                1);
    }

    /** Of a sum of counts from one end: there are as many from each end as bins, and each has two sides. */
    private static double bound(NoisePart part, NoisePart.Sampler sampler, int counts, int bins) {
        double rounding = sampler.fineness() == 0 ? 0 : 0.5;
        return counts == 0 ? 0 : part.sumQuantile(counts, Reporting.ERROR / (4 * bins)) + rounding * counts;
    }

    private NoisePart part(Neighbouring neighbouring) {
        return Statistics.countPart(noise, 1, contributions, neighbouring);
    }
}
