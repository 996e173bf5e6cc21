// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * Quantiles of clamped values: a tree of noisy counts over the range, from which any number of quantiles are read.
 *
 * <p>Guarantee: the loss of {@code noise} for the whole tree, hiding all entries of one user. Every node of every level gets noise,
 * empty ones like any other, so that the release says nothing about where there are no entries. The intervals are explained at
 * {@link QuantileTree#quantile}; those of five quantiles are in the evidence.
 *
 * <p>Assumptions: bounds, like all parameters, are chosen without looking at the data. A record may or may not count, under every
 * relation. A quantile is found to within a leaf, of which there are branching to the power of height; biases are told at
 * {@link QuantileTree#quantile}.
 *
 * <p>Formula: a user has m entries in each of h levels: sensitivity hm in L1 and √h·m in L2; under REPLACE_ONE 2hm in L1 and
 * √(2h)·m in L2.
 *
 * <p>Source: Hay, Rastogi, Miklau, Suciu, Boosting the Accuracy of Differentially Private Histograms Through Consistency, PVLDB 3,
 * 2010, section 4 (the tree and its consistency); Qardaji, Yang, Li, Understanding Hierarchical Methods for Differentially
 * Private Histograms, PVLDB 6, 2013 (branching of 16).
 *
 * @param lower least value of an entry; finite
 * @param upper largest value of an entry; above {@code lower}, with a width in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param branching b, children of a node; in [2, 1024]
 * @param height h, levels below the root; at least 1, with b^h at most 2²⁰
 * @param contributions m, the largest number of entries of a user; in [1, 4096]
 * @param noise the noise
 */
public record Quantiles(double lower, double upper, int branching, int height, int contributions, StatisticNoise noise)
        implements Mechanism<BinAccumulator, QuantileTree> {
    private static final int BRANCHING = 16;
    private static final int HEIGHT = 4;
    private static final int MAX_LEAVES = 1 << 20;

    /** Checks the parameters. */
    public Quantiles {
        if (branching < 2 || branching > 1024) {
            throw new IllegalArgumentException("branching must be in [2, 1024], was " + branching);
        }
        if (height < 1 || height > 20 || Math.pow(branching, height) > MAX_LEAVES) {
            throw new IllegalArgumentException(
                    "height must be >= 1 with branching^height <= 2^20, was " + height + " for branching " + branching);
        }
        new ValueBins.Equal(lower, upper, 1);
        Checks.requireContributions(contributions);
    }

    /**
     * With Laplace noise, one entry of each user, 2¹⁶ leaves.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param epsilon ε; in [2⁻³⁰, 1000]
     * @return the quantiles
     */
    public static Quantiles of(double lower, double upper, double epsilon) {
        return new Quantiles(lower, upper, BRANCHING, HEIGHT, 1, new StatisticNoise.Laplace(epsilon));
    }

    /**
     * With normal noise, one entry of each user, 2¹⁶ leaves.
     *
     * @param lower least value of an entry
     * @param upper largest value of an entry
     * @param noiseMultiplier σ over the L2 sensitivity; in [2⁻¹⁰, 2³⁰]
     * @return the quantiles
     */
    public static Quantiles gaussian(double lower, double upper, double noiseMultiplier) {
        return new Quantiles(lower, upper, BRANCHING, HEIGHT, 1, new StatisticNoise.Gaussian(noiseMultiplier));
    }

    /**
     * The same with more entries of each user.
     *
     * @param contributions m; in [1, 4096]
     * @return a copy
     */
    public Quantiles withContributions(int contributions) {
        return new Quantiles(lower, upper, branching, height, contributions, noise);
    }

    /**
     * The same with another tree: fewer levels mean less noise, more leaves a finer answer.
     *
     * @param branching b; in [2, 1024]
     * @param height h; at least 1, with b^h at most 2²⁰
     * @return a copy
     */
    public Quantiles withTree(int branching, int height) {
        return new Quantiles(lower, upper, branching, height, contributions, noise);
    }

    /**
     * Makes what takes the values.
     *
     * @return a new accumulator
     */
    public BinAccumulator accumulator() {
        return new BinAccumulator(bins(), contributions);
    }

    ValueBins.Equal bins() {
        return new ValueBins.Equal(lower, upper, (int) Math.round(Math.pow(branching, height)));
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return part(neighbouring).loss();
    }

    @Override
    public Release<QuantileTree> release(BinAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<QuantileTree> release(BinAccumulator value, SpendToken token, BitSource bits) {
        value.require(bins(), contributions);
        NoisePart part = part(token.loss().neighbouring());
        NoisePart.Sampler sampler = part.sampler();
        token.use(part.loss());
        QuantileTree tree = QuantileTree.draw(this, value.totals(), part, sampler, bits);
        return new Release<>(
                tree,
                part.loss(),
                Statistics.evidence(
                        "quantiles",
                        token,
                        contributions,
                        noise,
                        Map.of("lower", lower, "upper", upper, "branching", branching, "height", height),
                        new Measurement.Curve(
                                "quantile",
                                "rank",
                                "value",
                                new TreeMap<>(),
                                DoubleStream.of(0.05, 0.25, 0.5, 0.75, 0.95)
                                        .mapToObj(rank -> new Measurement.Point(rank, tree.quantile(rank)))
                                        .toList())));
    }

    NoisePart part(Neighbouring neighbouring) {
        return Statistics.countPart(noise, height, contributions, neighbouring);
    }
}
