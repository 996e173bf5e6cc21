// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import dev.aisec.privacy.accounting.TestTokens;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatisticsTest {
    private static final double[] BOUNDS = {-3, 5};

    private static double[] data(int n, long seed) {
        Random random = new Random(seed);
        return random.doubles(n, -5, 7).toArray();
    }

    private static BigInteger sum(SumAccumulator accumulator) {
        return accumulator.totals().sum();
    }

    /** Clamped and rounded one by one in decimal arithmetic. */
    private static BigInteger reference(double[] values, double lower, double upper, int exponent) {
        BigInteger sum = BigInteger.ZERO;
        for (double value : values) {
            BigDecimal clamped = new BigDecimal(value < lower ? lower : value > upper ? upper : value);
            sum = sum.add(clamped.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(-exponent)))
                    .setScale(0, RoundingMode.HALF_EVEN)
                    .toBigIntegerExact());
        }
        return sum;
    }

    @Test
    void addAll_addAndMerge_equalTheDecimalSum() {
        double[] values = data(5000, 1);
        BoundedSum statistic = BoundedSum.of(BOUNDS[0], BOUNDS[1], 1);
        SumAccumulator all = statistic.accumulator();
        all.addAll(values);
        SumAccumulator single = statistic.accumulator();
        SumAccumulator left = statistic.accumulator();
        SumAccumulator right = Variance.of(BOUNDS[0], BOUNDS[1], 1).accumulator();
        SumAccumulator rest = statistic.accumulator();
        for (int i = 0; i < values.length; i++) {
            single.add(values[values.length - 1 - i]);
            (i % 3 == 0 ? left : rest).add(values[i]);
        }
        right.addAll(values);
        left.merge(rest);
        BigInteger expected =
                reference(values, BOUNDS[0], BOUNDS[1], all.lattice().exponent());
        assertThat(List.of(sum(all), sum(single), sum(left), sum(right))).containsOnly(expected);
        assertThat(all.totals().count()).isEqualTo(5000);
        assertThat(all.toBytes()).isEqualTo(single.toBytes()).isEqualTo(left.toBytes());
    }

    @Test
    void addAll_withSquares_equalsAddOneByOne() {
        double[] values = data(3000, 2);
        Variance statistic = Variance.of(-1e6, -999_000.5, 1);
        SumAccumulator all = statistic.accumulator();
        SumAccumulator single = statistic.accumulator();
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] * 100 - 999_500;
            single.add(values[i]);
        }
        all.addAll(values);
        assertThat(all.totals()).isEqualTo(single.totals());
        assertThat(all.toBytes()).isEqualTo(single.toBytes());
        BigInteger squares = BigInteger.ZERO;
        SumLattice lattice = all.lattice();
        for (double value : values) {
            BigInteger steps = reference(new double[] {value}, -1e6, -999_000.5, lattice.exponent());
            BigInteger centred = steps.subtract(BigInteger.valueOf(lattice.middle()));
            squares = squares.add(centred.multiply(centred).shiftRight(30));
        }
        assertThat(all.totals().squares()).isEqualTo(squares);
    }

    /**
     * 2²⁶ ones and 2²⁷ times 2⁻²⁷, in [0, 1]: a sum of doubles is 1 less, the whole sensitivity, if the ones come first. After
     * Casacuberta, Shoemate, Vadhan, Wagaman, CCS 2022, section 5.
     */
    @Test
    void sum_orderOfValuesThatDoublesGetWrong_makesNoDifference() {
        double[] ones = new double[1 << 16];
        double[] small = new double[1 << 16];
        Arrays.fill(ones, 1);
        Arrays.fill(small, 0x1p-27);
        BoundedSum statistic = BoundedSum.of(0, 1, 1);
        SumAccumulator onesFirst = statistic.accumulator();
        SumAccumulator smallFirst = statistic.accumulator();
        double plainOnesFirst = 0x1p26;
        for (int i = 0; i < 1 << 10; i++) {
            onesFirst.addAll(ones);
        }
        for (int i = 0; i < 1 << 11; i++) {
            onesFirst.addAll(small);
            smallFirst.addAll(small);
            for (double value : small) {
                plainOnesFirst += value;
            }
        }
        for (int i = 0; i < 1 << 10; i++) {
            smallFirst.addAll(ones);
        }
        double plainSmallFirst = 0x1p27 * 0x1p-27 + 0x1p26;
        assertThat(plainSmallFirst - plainOnesFirst).isEqualTo(1);
        assertThat(onesFirst.toBytes()).isEqualTo(smallFirst.toBytes());
        assertThat(onesFirst.lattice().toDouble(sum(onesFirst))).isEqualTo(0x1p26 + 1);
    }

    @ParameterizedTest
    @EnumSource
    void sum_neighbours_differByTheSensitivityAtMost(Neighbouring relation) {
        double[][] bounds = {{-3, 5}, {0, 0.1}, {2, 7.3}, {-1e-3, -1e-4}, {1e5, 1e5 + 1}};
        Random random = new Random(4);
        for (double[] range : bounds) {
            for (int m : new int[] {1, 3}) {
                BoundedSum statistic = BoundedSum.of(range[0], range[1], 1).withContributions(m);
                double scale = Statistics.part(
                                statistic.noise(),
                                1,
                                SumLattice.of(range[0], range[1]).low(),
                                SumLattice.of(range[0], range[1]).high(),
                                m,
                                relation)
                        .scale();
                BigInteger widest = BigInteger.ZERO;
                for (int trial = 0; trial < 300; trial++) {
                    SumAccumulator with = statistic.accumulator();
                    SumAccumulator without = statistic.accumulator();
                    double[] others = data(5, trial);
                    with.addAll(others);
                    without.addAll(others);
                    boolean lowest = random.nextBoolean();
                    int mine = 1 + random.nextInt(m + 2);
                    for (int i = 0; i < mine; i++) {
                        with.add(7, trial % 2 == 0 ? random.nextDouble() * 20 - 10 : lowest ? -1e9 : 1e9);
                    }
                    if (relation == Neighbouring.REPLACE_ONE) {
                        int theirs = trial % 4 == 1 ? 1 : 1 + random.nextInt(m + 2);
                        for (int i = 0; i < theirs; i++) {
                            without.add(7, trial % 2 == 0 ? random.nextDouble() * 20 - 10 : lowest ? 1e9 : -1e9);
                        }
                    }
                    widest = widest.max(sum(with).subtract(sum(without)).abs());
                }
                assertThat(new BigDecimal(widest)).isLessThanOrEqualTo(new BigDecimal(scale));
                // The bound is reached, so it is not too large either.
                assertThat(widest.doubleValue()).isCloseTo(scale, within(1.0));
            }
        }
    }

    @Test
    void add_nan_isRefusedAndNothingAdded() {
        SumAccumulator accumulator = BoundedSum.of(0, 1, 1).accumulator();
        double[] values = data(3000, 3);
        values[2500] = Double.NaN;
        byte[] before = accumulator.toBytes();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> accumulator.addAll(values))
                .withMessage("values must not be NaN, value 2500 was");
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.add(Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator.add(5, Double.NaN));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Variance.of(0, 1, 1).accumulator().addAll(values))
                .withMessageContaining("value 2500");
        assertThat(accumulator.toBytes()).isEqualTo(before);
        accumulator.addAll(
                new double[] {Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, Double.MAX_VALUE, -0.0, 4e-320});
        assertThat(accumulator.lattice().toDouble(sum(accumulator))).isEqualTo(2);
    }

    @Test
    void userSamples_keptEntries_dependNeitherOnOrderNorOnMerging() {
        record Entry(long user, long value, long priority) {}
        List<Entry> entries = new ArrayList<>();
        Random random = new Random(8);
        for (int i = 0; i < 4000; i++) {
            entries.add(new Entry(random.nextInt(300) * 0x1_0000_0001L, i, random.nextLong()));
        }
        UserSamples expected = new UserSamples(4);
        entries.forEach(e -> expected.add(e.user, e.value, e.priority));
        Collections.shuffle(entries, random);
        UserSamples left = new UserSamples(4);
        UserSamples right = new UserSamples(4);
        entries.forEach(e -> (random.nextBoolean() ? left : right).add(e.user, e.value, e.priority));
        left.addAll(right);
        assertThat(bytes(left)).isEqualTo(bytes(expected));
        assertThat(left.users()).isEqualTo(300);
        assertThat(left.entries()).isEqualTo(1200);
    }

    private static byte[] bytes(UserSamples samples) {
        StateBytes.Writer out = new StateBytes.Writer(9);
        samples.write(out);
        return out.bytes();
    }

    /** Each of five entries is kept in 2/5 of 20,000 runs; 7 standard deviations, below 2e-11 in all. */
    @Test
    void userSamples_entriesOfAUser_areKeptAlike() {
        BitSource bits = new SeededBits(2);
        int[] kept = new int[5];
        for (int run = 0; run < 20_000; run++) {
            UserSamples samples = new UserSamples(2);
            for (int i = 0; i < 5; i++) {
                samples.add(1, i, bits.nextLong());
            }
            samples.forEach(i -> kept[(int) i]++);
        }
        for (int count : kept) {
            assertThat((double) count).isCloseTo(8000, within(7 * Math.sqrt(20_000 * 0.24)));
        }
    }

    @Test
    void count_users_areBoundedAcrossBins() {
        CountAccumulator accumulator = Histogram.of(4, 1).withContributions(2).accumulator();
        CountAccumulator other = Histogram.of(4, 1).withContributions(2).accumulator();
        for (int i = 0; i < 40; i++) {
            accumulator.add(77, i % 4);
            other.add(i % 2 == 0 ? 77 : 78, i % 4);
        }
        accumulator.addMany(3, 10);
        accumulator.merge(other);
        assertThat(Arrays.stream(accumulator.totals()).sum()).isEqualTo(10 + 2 + 2);
        assertThat(accumulator.totals()[3]).isBetween(10L, 14L);
    }

    @Test
    void bytes_roundTrip() {
        SumAccumulator sums = Variance.of(-1, 1, 1).withContributions(3).accumulator();
        CountAccumulator counts = Histogram.of(5, 1).withContributions(3).accumulator();
        for (int i = 0; i < 200; i++) {
            sums.add(i % 17, Math.sin(i));
            sums.add(Math.cos(i));
            counts.add(i % 17, i % 5);
            counts.add(i % 3);
        }
        assertThat(SumAccumulator.fromBytes(sums.toBytes()).toBytes()).isEqualTo(sums.toBytes());
        assertThat(SumAccumulator.fromBytes(sums.toBytes()).totals()).isEqualTo(sums.totals());
        assertThat(CountAccumulator.fromBytes(counts.toBytes()).toBytes()).isEqualTo(counts.toBytes());
        assertThat(CountAccumulator.fromBytes(counts.toBytes()).totals()).isEqualTo(counts.totals());
    }

    @Test
    void fromBytes_hostile_isRefusedOrReadsAnAccumulator() {
        SumAccumulator sums = Variance.of(-1, 1, 1).withContributions(3).accumulator();
        CountAccumulator counts = Histogram.of(5, 1).withContributions(3).accumulator();
        for (int i = 0; i < 10; i++) {
            sums.add(i % 3, Math.sin(i));
            sums.add(Math.cos(i));
            counts.add(i % 3, i % 5);
        }
        Random random = new Random(6);
        for (byte[] good : List.of(sums.toBytes(), counts.toBytes())) {
            for (int length = 0; length < good.length; length++) {
                byte[] cut = Arrays.copyOf(good, length);
                assertThatThrownBy(() -> read(cut)).isInstanceOf(MalformedInputException.class);
            }
            byte[] longer = Arrays.copyOf(good, good.length + 1);
            assertThatThrownBy(() -> read(longer)).isInstanceOf(MalformedInputException.class);
            for (int trial = 0; trial < 5000; trial++) {
                byte[] bad = good.clone();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    bad[random.nextInt(bad.length)] = (byte) random.nextInt();
                }
                try {
                    read(bad);
                } catch (MalformedInputException e) {
                    assertThat(e.offset()).isBetween(0L, (long) bad.length);
                }
            }
        }
    }

    private static void read(byte[] bytes) {
        // The kind stands in the third integer.
        if (bytes.length > 11 && bytes[11] == 2) {
            CountAccumulator.fromBytes(bytes).totals();
        } else {
            SumAccumulator.fromBytes(bytes).totals();
        }
    }

    @Test
    void release_wrongTokenOrAccumulator_isRefusedBeforeTheTokenIsUsed() {
        BoundedSum statistic = BoundedSum.of(0, 1, 0.5);
        SumAccumulator accumulator = statistic.accumulator();
        SpendToken cheap = TestTokens.of(new PrivacyLoss.Pure(0.4, Neighbouring.ADD_REMOVE));
        assertThatIllegalArgumentException().isThrownBy(() -> statistic.release(accumulator, cheap));
        SpendToken token = TestTokens.of(statistic.loss(Neighbouring.ADD_REMOVE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> statistic.release(BoundedSum.of(0, 2, 0.5).accumulator(), token))
                .withMessageContaining("[0.0, 1.0]");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> statistic.release(statistic.withContributions(2).accumulator(), token));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Variance.of(0, 1, 0.5)
                        .release(
                                accumulator,
                                TestTokens.of(Variance.of(0, 1, 0.5).loss(Neighbouring.ADD_REMOVE))));
        Release<Double> release = statistic.release(accumulator, token);
        assertThat(release.loss()).isEqualTo(new PrivacyLoss.Pure(0.5, Neighbouring.ADD_REMOVE));
        assertThat(release.evidence().technique()).isEqualTo(Technique.DIFFERENTIAL_PRIVACY);
        assertThat(release.evidence().measurements().get(0)).isInstanceOf(Measurement.Scalar.class);
        assertThat(release.evidence().parameters())
                .containsEntry("token", "test")
                .containsEntry("upper", "1.0");
        assertThatIllegalStateException().isThrownBy(() -> statistic.release(accumulator, token));
    }

    @ParameterizedTest
    @EnumSource
    void loss_ofAllParts_isWhatWasAskedFor(Neighbouring relation) {
        for (double epsilon : new double[] {0.1, 1, 3}) {
            for (int m : new int[] {1, 4}) {
                for (Mechanism<?, ?> mechanism : List.of(
                        Count.of(epsilon).withContributions(m),
                        Histogram.of(9, epsilon).withContributions(m),
                        BoundedSum.of(-1, 4, epsilon).withContributions(m),
                        Mean.of(-1, 4, epsilon).withContributions(m),
                        Variance.of(-1, 4, epsilon).withContributions(m))) {
                    BigDecimal sum = BigDecimal.ZERO;
                    for (PrivacyLoss.Part part : parts(mechanism.loss(relation))) {
                        sum = sum.add(new BigDecimal(((PrivacyLoss.Pure) part.loss()).epsilon())
                                .multiply(BigDecimal.valueOf(part.times())));
                    }
                    assertThat(sum).isLessThanOrEqualTo(new BigDecimal(epsilon));
                    assertThat(sum.doubleValue()).isCloseTo(epsilon, within(1e-14));
                }
                for (Mechanism<?, ?> mechanism : List.of(
                        Count.gaussian(epsilon).withContributions(m),
                        Mean.gaussian(-1, 4, epsilon).withContributions(m),
                        Variance.gaussian(-1, 4, epsilon).withContributions(m))) {
                    BigDecimal sum = BigDecimal.ZERO;
                    for (PrivacyLoss.Part part : parts(mechanism.loss(relation))) {
                        double multiplier = ((PrivacyLoss.Gaussian) part.loss()).noiseMultiplier();
                        sum = sum.add(BigDecimal.valueOf(part.times())
                                .divide(new BigDecimal(multiplier).pow(2), new java.math.MathContext(60)));
                    }
                    BigDecimal whole =
                            BigDecimal.ONE.divide(new BigDecimal(epsilon).pow(2), new java.math.MathContext(60));
                    assertThat(sum).isLessThanOrEqualTo(whole);
                    assertThat(sum.doubleValue()).isCloseTo(whole.doubleValue(), within(1e-12 * whole.doubleValue()));
                }
            }
        }
    }

    private static List<PrivacyLoss.Part> parts(PrivacyLoss loss) {
        return loss instanceof PrivacyLoss.Composed all ? all.parts() : List.of(new PrivacyLoss.Part(loss, 1));
    }

    @Test
    void noise_scale_isNeverBelowSensitivityOverEpsilon() {
        Random random = new Random(9);
        for (int i = 0; i < 2000; i++) {
            double epsilon = Math.exp(random.nextDouble() * 12 - 8);
            double sensitivity = 1 + random.nextInt(1 << 30);
            NoisePart part = NoisePart.of(
                    new StatisticNoise.Laplace(epsilon), 1 + i % 3, sensitivity, sensitivity, Neighbouring.ADD_REMOVE);
            BigDecimal spent = new BigDecimal(((PrivacyLoss.Pure) part.loss()).epsilon());
            assertThat(new BigDecimal(part.scale()).multiply(spent))
                    .isGreaterThanOrEqualTo(new BigDecimal(sensitivity));
            NoisePart gauss = NoisePart.of(
                    new StatisticNoise.Gaussian(epsilon + 0.01),
                    1 + i % 3,
                    sensitivity,
                    sensitivity,
                    Neighbouring.ADD_REMOVE);
            assertThat(new BigDecimal(gauss.scale()))
                    .isGreaterThanOrEqualTo(new BigDecimal(((PrivacyLoss.Gaussian) gauss.loss()).noiseMultiplier())
                            .multiply(new BigDecimal(sensitivity)));
        }
    }

    @Test
    void of_badParameters_areRefused() {
        for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Count.of(bad))
                    .withMessage("epsilon must be in [2^-30, 1000], was " + bad);
            assertThatIllegalArgumentException().isThrownBy(() -> Count.gaussian(bad));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> BoundedSum.of(1, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> BoundedSum.of(0, Double.NaN, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> BoundedSum.of(0, Double.POSITIVE_INFINITY, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BoundedSum.of(1e9, 1e9 + 1, 1))
                .withMessageContaining("2^19 widths");
        assertThatIllegalArgumentException().isThrownBy(() -> Mean.of(0, 1, 1).withContributions(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Histogram.of(0, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BoundedSum.of(0, 1, 0x1p-30).loss(Neighbouring.ADD_REMOVE))
                .withMessageContaining("2^50 steps");
    }
}
