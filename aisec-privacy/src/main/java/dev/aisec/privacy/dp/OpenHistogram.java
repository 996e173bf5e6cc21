// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The number of users in each partition (group of the data), with noise, where the names of the partitions come from the data:
 * partitions with a noisy count above a limit, names and counts in one release. Who needs no counts takes
 * {@link PartitionSelection}; who knows the names a {@link Histogram}.
 *
 * <p>Guarantee: the loss of {@code noise} and (0, δ), composed, hiding all partitions of one user. A partition with fewer users
 * than the threshold is never named. The interval of each count covers the number of users kept with 95 %, each by itself and
 * before it is known which are named: a partition of few users is named only where its noise is large. The evidence also says how
 * many users a partition may have that is not named.
 *
 * <p>Assumptions: a user is in at most m partitions, see {@link PartitionAccumulator}.
 *
 * <p>Formula: sensitivity m in L1 and √m in L2, under REPLACE_ONE of 2m partitions. The limit is threshold + T with P(noise &gt;
 * T) ≤ 1 − (1 − δ)^(1/m), rounded down: the partitions that only one of two neighbours may name are m at most, each by one user
 * above what may never be named; that one of them is named has probability δ at most, and their names are independent of all
 * other counts.
 *
 * <p>Source: Korolova, Kenthapadi, Mishra, Ntoulas, Releasing Search Queries and Clicks Privately, WWW 2009, theorem 1;
 * Desfontaines, Voss, Gipson, Mandayam, Differentially Private Partition Selection, PoPETs 2022 (comparison with thresholds).
 *
 * @param delta δ of the names; in [10⁻³⁰⁰, 1/2]
 * @param partitions m, the largest number of partitions of a user; in [1, 4096]
 * @param threshold least number of users of a partition that may be named; in [1, 2³²]
 * @param noise the noise
 */
public record OpenHistogram(double delta, int partitions, long threshold, StatisticNoise noise)
        implements Mechanism<PartitionAccumulator, SortedMap<String, Long>> {
    /** Checks the parameters. */
    public OpenHistogram {
        PartitionSelection.requireDelta(delta);
        PartitionSelection.requirePartitions(partitions, threshold);
    }

    /**
     * With Laplace noise, one partition of each user, no threshold.
     *
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @param delta δ; in [10⁻³⁰⁰, 1/2]
     * @return the histogram
     */
    public static OpenHistogram of(double epsilon, double delta) {
        return new OpenHistogram(delta, 1, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, rounded; one partition of each user, no threshold.
     *
     * @param noiseMultiplier σ over the L2 sensitivity; in [2⁻¹⁰, 2³⁰]
     * @param delta δ of the names, besides that of the noise; in [10⁻³⁰⁰, 1/2]
     * @return the histogram
     */
    public static OpenHistogram gaussian(double noiseMultiplier, double delta) {
        return new OpenHistogram(delta, 1, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more partitions of each user.
     *
     * @param partitions m; in [1, 4096]
     * @return a copy
     */
    public OpenHistogram withPartitions(int partitions) {
        return new OpenHistogram(delta, partitions, threshold, noise);
    }

    /**
     * The same with a number of users below which no partition is named, whatever the noise.
     *
     * @param threshold least number of users; in [1, 2³²]
     * @return a copy
     */
    public OpenHistogram withThreshold(long threshold) {
        return new OpenHistogram(delta, partitions, threshold, noise);
    }

    /**
     * Makes what takes the users.
     *
     * @return a new accumulator
     */
    public PartitionAccumulator accumulator() {
        return new PartitionAccumulator(partitions);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return loss(part(neighbouring));
    }

    private PrivacyLoss loss(NoisePart part) {
        return part.loss().and(new PrivacyLoss.Approximate(0, delta, part.loss().neighbouring()));
    }

    @Override
    public Release<SortedMap<String, Long>> release(PartitionAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<SortedMap<String, Long>> release(PartitionAccumulator value, SpendToken token, BitSource bits) {
        value.require(partitions);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        PrivacyLoss loss = loss(part);
        long limit = limit(sampler);
        token.use(loss);
        long half = sampler.quantile(Reporting.ERROR);
        SortedMap<String, Long> named = new TreeMap<>();
        List<Measurement.Point> points = new ArrayList<>();
        value.totals().forEach((name, users) -> {
            long noisy = users + sampler.sample(bits);
            if (users >= threshold && noisy > limit) {
                points.add(new Measurement.Point(
                        points.size(),
                        // Above the limit: what is named has at least as many users as the threshold.
                        Reporting.between(noisy, Math.max(threshold, noisy - half), noisy + half)));
                named.put(name, noisy);
            }
        });
        return new Release<>(
                Collections.unmodifiableSortedMap(named),
                loss,
                Statistics.evidence(
                        "open-histogram",
                        token,
                        partitions,
                        noise,
                        Map.of("delta", delta, "threshold", threshold, "limit", limit),
                        new Measurement.Curve("count", "partition", "users", new TreeMap<>(), points),
                        Reporting.bound("unnamed-users", limit, limit + sampler.quantile(2 * Reporting.ERROR), 1)));
    }

    /** What a noisy count has to exceed. The noise is symmetric, so that its upper tail is half of both. */
    long limit(NoisePart.Sampler sampler) {
        return threshold + sampler.quantile(2 * KeepProbability.share(delta, partitions));
    }

    NoisePart part(Neighbouring neighbouring) {
        int changed = neighbouring == Neighbouring.REPLACE_ONE ? 2 * partitions : partitions;
        return NoisePart.of(noise, 1, changed, changed == 1 ? 1 : Arithmetic.rootUp(changed), neighbouring);
    }
}
