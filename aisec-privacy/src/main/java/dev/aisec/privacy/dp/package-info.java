// SPDX-License-Identifier: Apache-2.0
/**
 * Differentially private mechanisms and statistics, with noise that is exact: no floating point where values are drawn, and a
 * secure generator behind every bit. Against training data leakage, member reasoning and attribute inference (ITU-T
 * XSTR-SEC-AI, Table 1; clause 7.3.3-1).
 *
 * <p>Every {@link dev.aisec.privacy.dp.Mechanism} tells its privacy loss and asks for a token of a budget ledger before it
 * draws; every {@link dev.aisec.privacy.dp.Release} carries the value, what it cost, and an interval for the truth.
 *
 * <table>
 * <caption>Which to choose</caption>
 * <tr><th>Wanted</th><th>Class</th></tr>
 * <tr><th colspan="2">A statistic of entries, with a bound on those of each user</th></tr>
 * <tr><td>a number of entries or users</td><td>{@link dev.aisec.privacy.dp.Count}</td></tr>
 * <tr><td>sum, mean, variance of values within bounds</td><td>{@link dev.aisec.privacy.dp.BoundedSum},
 * {@link dev.aisec.privacy.dp.Mean}, {@link dev.aisec.privacy.dp.Variance}</td></tr>
 * <tr><td>median, quartiles, any quantiles</td><td>{@link dev.aisec.privacy.dp.Quantiles}</td></tr>
 * <tr><td>bounds for these, where none are known</td><td>{@link dev.aisec.privacy.dp.AutomaticBounds}</td></tr>
 * <tr><td>numbers in groups that are known beforehand</td><td>{@link dev.aisec.privacy.dp.Histogram}</td></tr>
 * <tr><td>numbers in groups that the data name</td><td>{@link dev.aisec.privacy.dp.OpenHistogram}</td></tr>
 * <tr><td>only the names of such groups</td><td>{@link dev.aisec.privacy.dp.PartitionSelection}</td></tr>
 * <tr><th colspan="2">One number whose sensitivity is known</th></tr>
 * <tr><td>an integer, pure ε</td><td>{@link dev.aisec.privacy.dp.GeometricMechanism}</td></tr>
 * <tr><td>an integer, one of many releases</td><td>{@link dev.aisec.privacy.dp.DiscreteGaussianMechanism}</td></tr>
 * <tr><td>a real number, pure ε</td><td>{@link dev.aisec.privacy.dp.LaplaceMechanism}; for large ε
 * {@link dev.aisec.privacy.dp.StaircaseMechanism}</td></tr>
 * <tr><td>a real number, one of many releases</td><td>{@link dev.aisec.privacy.dp.GaussianMechanism}</td></tr>
 * <tr><td>an error that is bounded for certain, at some δ</td><td>{@link dev.aisec.privacy.dp.TruncatedLaplace}</td></tr>
 * <tr><td>a number that must stay in a range</td><td>{@link dev.aisec.privacy.dp.BoundedLaplace}</td></tr>
 * <tr><th colspan="2">A choice</th></tr>
 * <tr><td>the best candidate</td><td>{@link dev.aisec.privacy.dp.PermuteAndFlip}, never worse than
 * {@link dev.aisec.privacy.dp.ExponentialMechanism}; {@link dev.aisec.privacy.dp.ReportNoisyMax} for comparison</td></tr>
 * <tr><td>the k best candidates</td><td>{@link dev.aisec.privacy.dp.TopK}</td></tr>
 * <tr><td>which of many scores are above a threshold, few being so</td><td>{@link
 * dev.aisec.privacy.dp.AboveThreshold}</td></tr>
 * <tr><th colspan="2">Vectors: parameters, gradients, outputs, data</th></tr>
 * <tr><td>a sum of vectors, or one</td><td>{@link dev.aisec.privacy.dp.VectorGaussian}; in few dimensions, for pure ε,
 * {@link dev.aisec.privacy.dp.VectorLaplace}</td></tr>
 * <tr><td>every row of a data set</td><td>{@link dev.aisec.privacy.dp.NoisyRecords}</td></tr>
 * <tr><td>all prefix sums of a stream</td><td>{@link dev.aisec.privacy.dp.MatrixFactorization} has the smaller error;
 * {@link dev.aisec.privacy.dp.TreeAggregation} needs least memory for long streams</td></tr>
 * <tr><th colspan="2">Nobody is trusted with the values (the local model)</th></tr>
 * <tr><td>few categories, or a yes or no</td><td>{@link dev.aisec.privacy.dp.RandomizedResponse}</td></tr>
 * <tr><td>more categories than about 3 e^ε + 2</td><td>{@link dev.aisec.privacy.dp.UnaryEncoding}; with short reports
 * {@link dev.aisec.privacy.dp.LocalHashing}; with short reports and fast reading
 * {@link dev.aisec.privacy.dp.HadamardResponse}</td></tr>
 * <tr><td>the same value asked for again and again</td><td>{@link dev.aisec.privacy.dp.Rappor}</td></tr>
 * <tr><th colspan="2">Mechanisms of one's own</th></tr>
 * <tr><td>noise on integers</td><td>{@link dev.aisec.privacy.dp.DiscreteLaplace},
 * {@link dev.aisec.privacy.dp.DiscreteGaussian}, {@link dev.aisec.privacy.dp.RoundedGaussian}</td></tr>
 * <tr><td>noise on real numbers</td><td>{@link dev.aisec.privacy.dp.UnaccountedNoise}</td></tr>
 * <tr><td>random bits</td><td>{@link dev.aisec.privacy.dp.SecureBits}</td></tr>
 * </table>
 */
@NullMarked
package dev.aisec.privacy.dp;

import org.jspecify.annotations.NullMarked;
