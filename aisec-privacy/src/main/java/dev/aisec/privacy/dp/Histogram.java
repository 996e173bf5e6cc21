// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The number of entries in each of a fixed list of bins, with noise.
 *
 * <p>Guarantee: the loss of {@code noise} for all bins together, hiding all entries of one user. Empty bins get noise like any
 * other. The interval of each bin covers the number of entries kept with 95 %, each by itself.
 *
 * <p>Assumptions: the list of bins does not come from the data. A record may or may not count, under every relation.
 *
 * <p>Formula: a user has m entries, wherever they are: sensitivity m in L1 and L2; under REPLACE_ONE 2m in L1 and √2·m in L2.
 *
 * <p>Source: Dwork, McSherry, Nissim, Smith, Calibrating Noise to Sensitivity in Private Data Analysis, TCC 2006, example 3.
 *
 * @param bins number of bins; in [1, 2²⁴]
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record Histogram(int bins, int contributions, StatisticNoise noise)
        implements Mechanism<CountAccumulator, List<Long>> {
    /** Checks the parameters. */
    public Histogram {
        if (bins < 1 || bins > CountAccumulator.MAX_BINS) {
            throw new IllegalArgumentException("bins must be in [1, " + CountAccumulator.MAX_BINS + "], were " + bins);
        }
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user.
     *
     * @param bins number of bins; in [1, 2²⁴]
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the histogram
     */
    public static Histogram of(int bins, double epsilon) {
        return new Histogram(bins, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, rounded; one entry of each user.
     *
     * @param bins number of bins; in [1, 2²⁴]
     * @param noiseMultiplier σ over the L2 sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the histogram
     */
    public static Histogram gaussian(int bins, double noiseMultiplier) {
        return new Histogram(bins, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public Histogram withContributions(int contributions) {
        return new Histogram(bins, contributions, noise);
    }

    /**
     * Makes what takes the entries.
     *
     * @return a new accumulator
     */
    public CountAccumulator accumulator() {
        return new CountAccumulator(bins, contributions);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return part(neighbouring).loss();
    }

    @Override
    public Release<List<Long>> release(CountAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<List<Long>> release(CountAccumulator value, SpendToken token, BitSource bits) {
        value.require(bins, contributions);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        token.use(part.loss());
        long half = sampler.quantile(Reporting.ERROR);
        List<Long> released = new ArrayList<>(bins);
        List<Measurement.Point> points = new ArrayList<>(bins);
        for (long count : value.totals()) {
            long noisy = count + sampler.sample(bits);
            points.add(new Measurement.Point(released.size(), Reporting.between(noisy, noisy - half, noisy + half)));
            released.add(noisy);
        }
        return new Release<>(
                List.copyOf(released),
                part.loss(),
                Statistics.evidence(
                        "histogram",
                        token,
                        contributions,
                        noise,
                        Map.of("bins", bins),
                        new Measurement.Curve("count", "bin", "entries", new TreeMap<>(), points)));
    }

    private NoisePart part(Neighbouring neighbouring) {
        return Statistics.countPart(noise, 1, contributions, neighbouring);
    }
}
