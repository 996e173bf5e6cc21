// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.MalformedInputException;
import dev.aisec.core.math.BinomialTail;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.TestTokens;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantilesTest {
    private static final double[] RANKS = {0, 0.01, 0.25, 0.5, 0.9, 1};

    private static double[] data(int n, long seed) {
        return new Random(seed).doubles(n, -5, 7).toArray();
    }

    private static QuantileTree release(Quantiles statistic, double[] values, BitSource bits) {
        BinAccumulator accumulator = statistic.accumulator();
        accumulator.addAll(values);
        return statistic
                .release(accumulator, TestTokens.of(statistic.loss(Neighbouring.ADD_REMOVE)), bits)
                .value();
    }

    /** The ⌈qn⌉-th smallest value after clamping. */
    private static double truth(double[] values, double lower, double upper, double rank) {
        double[] sorted = Arrays.stream(values)
                .map(x -> Math.min(upper, Math.max(lower, x)))
                .sorted()
                .toArray();
        return sorted[Math.max(1, (int) Math.ceil(rank * sorted.length)) - 1];
    }

    @Test
    void bins_edges_areTheLeastValues() {
        for (ValueBins bins : List.of(
                new ValueBins.Equal(-3, 5, 7),
                new ValueBins.Equal(0, 0.1, 4096),
                new ValueBins.Equal(-1e270, 0.3, 3),
                new ValueBins.Equal(1e9, 1e9 + 1e-6, 50),
                new ValueBins.Powers(-3, 4),
                new ValueBins.Powers(-800, 800))) {
            double upper = bins.edge(bins.count());
            assertThat(bins.of(Double.NEGATIVE_INFINITY)).isZero();
            assertThat(bins.of(Double.POSITIVE_INFINITY)).isEqualTo(bins.count() - 1);
            for (int i = 0; i < bins.count(); i++) {
                double edge = bins.edge(i);
                assertThat(edge).isLessThanOrEqualTo(bins.edge(i + 1));
                if (edge < bins.edge(i + 1)) {
                    assertThat(bins.of(Math.nextDown(bins.edge(i + 1)))).isEqualTo(i);
                }
                if (edge >= 0 || bins instanceof ValueBins.Equal) {
                    assertThat(bins.of(edge)).isGreaterThanOrEqualTo(i);
                    assertThat(i == 0 ? -1 : bins.of(Math.nextDown(edge))).isLessThan(Math.max(i, 1));
                } else {
                    assertThat(bins.of(Math.nextUp(edge))).isEqualTo(i);
                    assertThat(bins.of(edge)).isEqualTo(Math.max(0, i - 1));
                }
            }
            assertThat(bins.of(upper)).isEqualTo(bins.count() - 1);
        }
    }

    @Test
    void addAll_addAndMergeInAnyOrder_giveEqualBytes() {
        double[] values = data(5000, 1);
        values[17] = Double.NEGATIVE_INFINITY;
        values[18] = -0.0;
        for (boolean tree : new boolean[] {true, false}) {
            BinAccumulator all = accumulator(tree);
            all.addAll(values);
            BinAccumulator single = accumulator(tree);
            BinAccumulator left = accumulator(tree);
            BinAccumulator right = accumulator(tree);
            for (int i = 0; i < values.length; i++) {
                single.add(values[values.length - 1 - i]);
                (i % 3 == 0 ? left : right).add(values[i]);
            }
            left.merge(right);
            assertThat(all.toBytes()).isEqualTo(single.toBytes()).isEqualTo(left.toBytes());
            assertThat(Arrays.stream(all.totals()).sum()).isEqualTo(5000);
        }
    }

    private static BinAccumulator accumulator(boolean tree) {
        return tree
                ? Quantiles.of(-3, 5, 1).withTree(4, 3).withContributions(3).accumulator()
                : AutomaticBounds.of(1)
                        .withExponents(-3, 3)
                        .withContributions(3)
                        .accumulator();
    }

    @Test
    void add_nan_isRefusedAndNothingAdded() {
        BinAccumulator accumulator = accumulator(true);
        double[] values = data(3000, 3);
        values[2500] = Double.NaN;
        byte[] before = accumulator.toBytes();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> accumulator.addAll(values))
                .withMessage("values must not be NaN, value 2500 was");
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.add(Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.add(5, Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.merge(accumulator(false)));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.merge(accumulator));
        assertThat(accumulator.toBytes()).isEqualTo(before);
    }

    @Test
    void fromBytes_goodAndHostile_readsOrRefuses() {
        Random random = new Random(6);
        for (boolean tree : new boolean[] {true, false}) {
            BinAccumulator accumulator = accumulator(tree);
            for (int i = 0; i < 60; i++) {
                accumulator.add(i % 17, 6 * Math.sin(i));
                accumulator.add(Math.cos(i));
            }
            byte[] good = accumulator.toBytes();
            assertThat(BinAccumulator.fromBytes(good).toBytes()).isEqualTo(good);
            assertThat(BinAccumulator.fromBytes(good).totals()).isEqualTo(accumulator.totals());
            for (int length = 0; length < good.length; length++) {
                byte[] cut = Arrays.copyOf(good, length);
                assertThatThrownBy(() -> BinAccumulator.fromBytes(cut)).isInstanceOf(MalformedInputException.class);
            }
            byte[] longer = Arrays.copyOf(good, good.length + 1);
            assertThatThrownBy(() -> BinAccumulator.fromBytes(longer)).isInstanceOf(MalformedInputException.class);
            for (int trial = 0; trial < 5000; trial++) {
                byte[] bad = good.clone();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    bad[random.nextInt(trial % 2 == 0 ? 40 : bad.length)] = (byte) random.nextInt();
                }
                try {
                    BinAccumulator.fromBytes(bad).totals();
                } catch (MalformedInputException e) {
                    assertThat(e.offset()).isBetween(0L, (long) bad.length);
                }
            }
        }
    }

    /** Over all nodes of the tree without noise; the bounds are reached. */
    @ParameterizedTest
    @EnumSource
    void tree_neighbours_differByTheSensitivityAtMost(Neighbouring relation) {
        Random random = new Random(4);
        for (int m : new int[] {1, 3}) {
            Quantiles laplace = Quantiles.of(-3, 5, 1).withTree(3, 4).withContributions(m);
            Quantiles gaussian = Quantiles.gaussian(-3, 5, 1).withTree(3, 4).withContributions(m);
            double l1 = 0;
            double l2 = 0;
            for (int trial = 0; trial < 300; trial++) {
                BinAccumulator with = laplace.accumulator();
                BinAccumulator without = laplace.accumulator();
                with.addAll(data(5, trial));
                without.addAll(data(5, trial));
                double mine = random.nextDouble() * 8 - 3;
                double theirs = random.nextDouble() * 8 - 3;
                for (int i = 0; i < m + 2; i++) {
                    with.add(7, trial % 2 == 0 ? mine : random.nextDouble() * 10 - 5);
                    if (relation == Neighbouring.REPLACE_ONE) {
                        without.add(7, trial % 2 == 0 ? theirs : random.nextDouble() * 10 - 5);
                    }
                }
                double[] a = QuantileTree.nodes(with.totals(), 3, 4);
                double[] b = QuantileTree.nodes(without.totals(), 3, 4);
                assertThat(a).hasSize(3 + 9 + 27 + 81);
                double sum = 0;
                double squares = 0;
                for (int i = 0; i < a.length; i++) {
                    sum += Math.abs(a[i] - b[i]);
                    squares += (a[i] - b[i]) * (a[i] - b[i]);
                }
                l1 = Math.max(l1, sum);
                l2 = Math.max(l2, squares);
            }
            double scale = laplace.part(relation).scale();
            assertThat(l1).isLessThanOrEqualTo(scale).isCloseTo(scale, within(1e-9));
            BigDecimal sigma = new BigDecimal(gaussian.part(relation).scale());
            assertThat(new BigDecimal(l2)).isLessThanOrEqualTo(sigma.multiply(sigma));
            assertThat(l2).isCloseTo(sigma.pow(2).doubleValue(), within(1e-9));
        }
    }

    /** With consistent counts nothing changes; the sums of children are the parent's. */
    @Test
    void prefixSums_ofExactCounts_areExact() {
        long[] leaves = new Random(2).longs(81, 0, 50).toArray();
        double[] below = QuantileTree.prefixSums(QuantileTree.nodes(leaves, 3, 4), 3, 4);
        double sum = 0;
        for (int i = 0; i < leaves.length; i++) {
            assertThat(below[i]).isCloseTo(sum, within(1e-9));
            sum += leaves[i];
        }
        assertThat(below[81]).isCloseTo(sum, within(1e-9));
    }

    /** The weights of all noisy counts, one by one, in F(t) − qF(1): below the bound, none above 1, and the bound is near. */
    @ParameterizedTest
    @CsvSource({"2,1", "2,5", "3,3", "16,2"})
    void squares_ofWeights_boundThem(int branching, int height) {
        int leaves = (int) Math.pow(branching, height);
        int nodes = QuantileTree.nodes(new long[leaves], branching, height).length;
        double[][] responses = new double[nodes][];
        for (int i = 0; i < nodes; i++) {
            double[] unit = new double[nodes];
            unit[i] = 1;
            responses[i] = QuantileTree.prefixSums(unit, branching, height);
        }
        for (double q : RANKS) {
            double closest = Double.POSITIVE_INFINITY;
            for (int leaf = 0; leaf <= leaves; leaf++) {
                double squares = 0;
                for (double[] response : responses) {
                    double weight = response[leaf] - q * response[leaves];
                    assertThat(Math.abs(weight)).isLessThanOrEqualTo(1 + 1e-12);
                    squares += weight * weight;
                }
                double bound = QuantileTree.squares(branching, height, (double) leaf / leaves, q);
                assertThat(squares).isLessThanOrEqualTo(bound);
                closest = squares > 0 ? Math.min(closest, bound / squares) : closest;
            }
            assertThat(closest).isLessThan(2);
        }
    }

    /**
     * Laplace sums are compared with their exact law, convolved over the integers; normal ones with their quantile.
     */
    @Test
    void sumQuantile_ofEqualWeights_boundsTheTail() {
        double epsilon = 0.5;
        NoisePart part = NoisePart.of(new StatisticNoise.Laplace(epsilon), 1, 1, 1, Neighbouring.ADD_REMOVE);
        double q = Math.exp(-1 / part.scale());
        int width = 400;
        double[] single = new double[2 * width + 1];
        for (int k = -width; k <= width; k++) {
            single[k + width] = Math.pow(q, Math.abs(k)) * (1 - q) / (1 + q);
        }
        double[] law = {1};
        for (int n = 1; n <= 8; n++) {
            double[] next = new double[law.length + 2 * width];
            for (int i = 0; i < law.length; i++) {
                for (int k = 0; k < single.length; k++) {
                    next[i + k] += law[i] * single[k];
                }
            }
            law = next;
            for (double tail : new double[] {0.3, 0.025, 1e-6}) {
                double bound = part.sumQuantile(n, tail);
                double above = 0;
                int middle = n * width;
                for (int i = law.length - 1; i > middle + (int) Math.floor(bound); i--) {
                    above += law[i];
                }
                assertThat(above).isLessThanOrEqualTo(tail);
                // Chernoff's bound is not far from the tail.
                assertThat(above).isGreaterThan(tail / 50);
            }
        }
        NoisePart normal = NoisePart.of(new StatisticNoise.Gaussian(3), 1, 1, 1, Neighbouring.ADD_REMOVE);
        assertThat(normal.sumQuantile(4, 0.025)).isCloseTo(6 * 1.959963984540054, within(1e-6));
    }

    /** The noise is so small that with probability 1 − 1e-9 every count is off by 60 at most; 10⁵ entries of known laws. */
    @Test
    void quantile_knownDistributions_isNear() {
        int n = 100_000;
        Random random = new Random(11);
        double[][] samples = {
            random.doubles(n, -5, 7).toArray(),
            random.doubles(n).map(u -> -Math.log1p(-u)).toArray(),
            random.doubles(n).map(u -> u < 0.3 ? 1.5 : 4 * u - 2).toArray()
        };
        for (double[] sample : samples) {
            for (Quantiles statistic : List.of(Quantiles.of(-3, 5, 4), Quantiles.gaussian(-3, 5, 0.7))) {
                QuantileTree tree = release(statistic, sample, new SeededBits(3));
                for (double rank : new double[] {0.05, 0.3, 0.5, 0.9}) {
                    // A sum of at most 64 counts with weights up to 1: Chernoff's bound at 1e-10, as share of n.
                    double error = statistic.part(Neighbouring.ADD_REMOVE).sumQuantile(64, 1e-10) / n;
                    double leaf = 8.0 / 65_536;
                    assertThat(tree.quantile(rank).value())
                            .isBetween(
                                    truth(sample, -3, 5, Math.max(0, rank - 2 * error)) - leaf,
                                    truth(sample, -3, 5, Math.min(1, rank + 2 * error)) + leaf);
                }
            }
        }
    }

    /** Each case of 60 releases falls short of 95 % by chance with probability below 1e-11. */
    @ParameterizedTest
    @CsvSource({"true,1", "true,60", "true,2000", "false,1", "false,60", "false,2000"})
    void quantile_intervals_coverTheTruth(boolean laplace, int n) {
        StatisticNoise noise = laplace ? new StatisticNoise.Laplace(1) : new StatisticNoise.Gaussian(1);
        DoubleUnaryOperator[] laws = {x -> x, x -> x < 0 ? 1 : x, x -> x * x * x / 30};
        BitSource bits = new SeededBits(5);
        for (DoubleUnaryOperator law : laws) {
            double[] values = Arrays.stream(data(n, n)).map(law).toArray();
            Quantiles statistic = new Quantiles(-3, 5, 4, 4, 1, noise);
            int[] missed = new int[RANKS.length];
            for (int run = 0; run < 60; run++) {
                QuantileTree tree = release(statistic, values, bits);
                for (int i = 0; i < RANKS.length; i++) {
                    Estimate.Measured measured = tree.quantile(RANKS[i]);
                    assertThat(measured.interval().contains(measured.value())).isTrue();
                    missed[i] += measured.interval().contains(truth(values, -3, 5, RANKS[i])) ? 0 : 1;
                }
            }
            for (int misses : missed) {
                assertThat(BinomialTail.logUpper(misses, 60, 0.05)).isGreaterThan(Math.log(1e-11));
            }
        }
    }

    @Test
    void quantile_muchData_intervalIsNarrow() {
        QuantileTree tree = release(Quantiles.of(-5, 7, 1), data(1_000_000, 4), new SeededBits(8));
        Estimate.Measured median = tree.quantile(0.5);
        // The noise is of hundreds of entries in a million, spread over 12.
        assertThat(median.interval().upper() - median.interval().lower()).isLessThan(0.01);
        assertThat(median.value()).isCloseTo(1, within(0.03));
        assertThat(release(Quantiles.of(-5, 7, 1), new double[0], new SeededBits(8))
                        .quantile(0.5)
                        .interval()
                        .contains(1))
                .isTrue();
    }

    @Test
    void of_badParameters_areRefused() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Quantiles.of(0, bad, 1))
                    .withMessageContaining("lower must be < upper");
            assertThatIllegalArgumentException().isThrownBy(() -> Quantiles.of(bad, 1, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> Quantiles.of(0, 1, bad));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantiles.of(0, 1, 1).withTree(16, 6))
                .withMessage("height must be >= 1 with branching^height <= 2^20, was 6 for branching 16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantiles.of(0, 1, 1).withTree(1, 3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> release(Quantiles.of(0, 1, 1), data(3, 1), new SeededBits(1))
                        .quantile(1.5))
                .withMessage("rank must be in [0, 1], was 1.5");
    }
}
