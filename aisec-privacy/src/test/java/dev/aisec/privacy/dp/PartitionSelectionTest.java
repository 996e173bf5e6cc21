// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Measurement;
import dev.aisec.core.math.BinomialTail;
import dev.aisec.privacy.accounting.Accountant;
import dev.aisec.privacy.accounting.BasicAccountant;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PldAccountant;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.TestTokens;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PartitionSelectionTest {
    private static final MathContext DIGITS = BigDecimals.DIGITS;

    /** π(0), π(1), … by the recursion, in decimals of 140 digits. */
    private static List<BigDecimal> recursion(double epsilon, double delta, int n) {
        BigDecimal inverse = BigDecimals.exp(new BigDecimal(epsilon).negate());
        BigDecimal exp = BigDecimal.ONE.divide(inverse, DIGITS);
        BigDecimal d = new BigDecimal(delta);
        List<BigDecimal> pi = new ArrayList<>(List.of(BigDecimal.ZERO));
        for (int i = 1; i <= n; i++) {
            BigDecimal before = pi.get(i - 1);
            BigDecimal rising = exp.multiply(before, DIGITS).add(d);
            BigDecimal falling = BigDecimal.ONE.subtract(
                    inverse.multiply(BigDecimal.ONE.subtract(before).subtract(d), DIGITS));
            pi.add(rising.min(falling).min(BigDecimal.ONE));
        }
        return pi;
    }

    @ParameterizedTest
    @CsvSource({
        "1,1e-5,30",
        "0.1,1e-5,220",
        "0.01,1e-2,150",
        "5,1e-12,30",
        "0.3,0.5,40",
        "1000,1e-3,5",
        "0.7,1e-60,410",
        "1e-3,0.1,40",
        "2,0.4,10"
    })
    void keepProbability_enclosures_holdTheRecursion(double epsilon, double delta, int n) {
        KeepProbability probability = new KeepProbability(epsilon, delta);
        List<BigDecimal> pi = recursion(epsilon, delta, n);
        for (int precision : new int[] {62, 300}) {
            BigDecimal unit = new BigDecimal(BigInteger.ONE.shiftLeft(precision));
            BigDecimal slack = new BigDecimal("1e-20").max(unit.movePointLeft(60));
            for (int i = 0; i <= n; i += precision == 62 ? 1 : 7) {
                Enclosure bounds = probability.enclose(i, precision);
                BigDecimal exact = pi.get(i).multiply(unit);
                assertThat(new BigDecimal(bounds.low())).isLessThanOrEqualTo(exact.add(slack));
                assertThat(new BigDecimal(bounds.high())).isGreaterThanOrEqualTo(exact.subtract(slack));
                assertThat(bounds.high().subtract(bounds.low())).isLessThanOrEqualTo(BigInteger.TWO);
            }
        }
        // The whole way to certainty is covered.
        assertThat(pi.get(n)).isEqualByComparingTo(BigDecimal.ONE);
    }

    @Test
    @Tag("long")
    void keepProbability_leastDelta_holdsTheRecursion() {
        keepProbability_enclosures_holdTheRecursion(40, 1e-300, 40);
    }

    /** Neighbouring numbers of users, both ways and for naming and not naming; somewhere with equality. */
    @ParameterizedTest
    @CsvSource({"1,1e-5", "0.1,1e-3", "3,0.2"})
    void keepProbability_neighbours_areEpsilonDelta(double epsilon, double delta) {
        KeepProbability probability = new KeepProbability(epsilon, delta);
        int precision = 200;
        BigDecimal unit = new BigDecimal(BigInteger.ONE.shiftLeft(precision));
        BigDecimal exp = BigDecimal.ONE.divide(BigDecimals.exp(new BigDecimal(epsilon).negate()), DIGITS);
        BigDecimal tightest = BigDecimal.ONE;
        BigDecimal before = BigDecimal.ZERO;
        for (int n = 1; n < 200; n++) {
            BigDecimal now = new BigDecimal(probability.enclose(n, precision).low()).divide(unit, DIGITS);
            BigDecimal[] p = {now, before, BigDecimal.ONE.subtract(now), BigDecimal.ONE.subtract(before)};
            for (int[] pair : new int[][] {{0, 1}, {1, 0}, {2, 3}, {3, 2}}) {
                BigDecimal over = p[pair[0]].subtract(exp.multiply(p[pair[1]], DIGITS));
                assertThat(over).isLessThanOrEqualTo(new BigDecimal(delta).add(new BigDecimal("1e-50")));
                tightest = tightest.min(new BigDecimal(delta).subtract(over).abs());
            }
            before = now;
        }
        assertThat(tightest).isLessThan(new BigDecimal("1e-50"));
    }

    /** Flips against words at the edges of the probability: the first digits decide, and further ones where they are equal. */
    @Test
    void keep_wordsNearTheProbability_decideExactly() {
        KeepProbability probability = new KeepProbability(0.5, 1e-3);
        BigDecimal pi = recursion(0.5, 1e-3, 7).get(7);
        BigInteger digits =
                pi.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(126))).toBigInteger();
        long first = digits.shiftRight(64).longValueExact();
        long second = digits.longValue();
        assertThat(probability.keep(7, new ScriptedBits().word(first - 1 << 2))).isTrue();
        assertThat(probability.keep(7, new ScriptedBits().word(first + 1 << 2))).isFalse();
        assertThat(probability.keep(7, new ScriptedBits().word(first << 2).word(second - 9)))
                .isTrue();
        assertThat(probability.keep(7, new ScriptedBits().word(first << 2).word(second + 9)))
                .isFalse();
        assertThat(probability.keep(0, new ScriptedBits().word(0))).isFalse();
        assertThat(probability.keep(1000, new ScriptedBits().word(-1))).isTrue();
    }

    /** 20,000 flips each; a two-sided binomial tail below 1e-10. */
    @Test
    void keep_often_comesWithItsProbability() {
        KeepProbability probability = new KeepProbability(1, 0.01);
        List<BigDecimal> pi = recursion(1, 0.01, 8);
        BitSource bits = new SeededBits(7);
        for (int users = 1; users <= 8; users++) {
            int kept = 0;
            for (int i = 0; i < 20_000; i++) {
                kept += probability.keep(users, bits) ? 1 : 0;
            }
            double p = pi.get(users).doubleValue();
            assertThat(BinomialTail.logUpper(kept, 20_000, p)).isGreaterThan(Math.log(5e-11));
            assertThat(BinomialTail.logUpper(20_000 - kept, 20_000, 1 - p)).isGreaterThan(Math.log(5e-11));
        }
    }

    /** In exact arithmetic: n shares are δ at most, and close to it. */
    @Test
    void share_ofDelta_isRoundedDown() {
        Random random = new Random(3);
        for (int trial = 0; trial < 200; trial++) {
            double delta = trial == 0 ? 0.5 : trial == 1 ? 1e-300 : Math.pow(10, -random.nextDouble() * 30) / 2;
            int n = trial % 50 == 0 ? 8192 : 1 + random.nextInt(40);
            double share = KeepProbability.share(delta, n);
            MathContext exact = new MathContext(700);
            BigDecimal together = BigDecimal.ONE.subtract(
                    BigDecimal.ONE.subtract(new BigDecimal(share)).pow(n, exact));
            assertThat(together).isLessThanOrEqualTo(new BigDecimal(delta));
            assertThat(together.doubleValue()).isCloseTo(delta, within(delta * 1e-14));
        }
    }

    private static PartitionAccumulator accumulator(int partitions) {
        return PartitionSelection.of(1, 1e-5).withPartitions(partitions).accumulator();
    }

    @Test
    void accumulator_users_countOncePerPartitionAndInFewPartitions() {
        PartitionAccumulator all = accumulator(2);
        PartitionAccumulator other = accumulator(2);
        for (int i = 0; i < 50; i++) {
            all.add(1, "a");
            other.add(1, i % 2 == 0 ? "a" : "b");
            all.add(2, "p" + i % 5);
        }
        all.add("z");
        all.addMany("z", 3);
        all.addMany("empty", 0);
        other.merge(all);
        SortedMap<String, Long> totals = other.totals();
        assertThat(totals).containsEntry("a", 1L).containsEntry("b", 1L).containsEntry("z", 4L);
        assertThat(totals.values().stream().mapToLong(x -> x).sum()).isEqualTo(1 + 1 + 4 + 2);
        assertThat(totals).doesNotContainKey("empty");
    }

    /** What two orders and two splits keep of the same entries with the same priorities. */
    @Test
    void accumulator_keptEntries_dependNeitherOnOrderNorOnMerging() {
        record Entry(long user, long value, long priority) {}
        Random random = new Random(8);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            entries.add(new Entry(random.nextInt(200), random.nextInt(12), random.nextLong()));
        }
        UserSamples expected = new UserSamples(3, true);
        entries.forEach(e -> expected.add(e.user, e.value, e.priority));
        Collections.shuffle(entries, random);
        UserSamples left = new UserSamples(3, true);
        UserSamples right = new UserSamples(3, true);
        // The right one has other numbers for the same values.
        entries.forEach(e -> {
            if (random.nextBoolean()) {
                left.add(e.user, e.value, e.priority);
            } else {
                right.add(e.user, 100 - e.value, e.priority);
            }
        });
        left.addAll(right, value -> 100 - value);
        StateBytes.Writer a = new StateBytes.Writer(9);
        StateBytes.Writer b = new StateBytes.Writer(9);
        left.write(a);
        expected.write(b);
        assertThat(a.bytes()).isEqualTo(b.bytes());
        assertThat(left.entries()).isEqualTo(600);
    }

    @Test
    void accumulator_boundedElsewhere_orderMakesNoDifference() {
        PartitionAccumulator one = accumulator(1);
        PartitionAccumulator two = accumulator(1);
        for (int i = 0; i < 30; i++) {
            one.add("k" + i % 7);
            two.add("k" + (29 - i) % 7);
        }
        assertThat(one.toBytes()).isEqualTo(two.toBytes());
    }

    @Test
    void fromBytes_goodAndHostile_readsOrRefuses() {
        PartitionAccumulator accumulator = accumulator(2);
        for (int i = 0; i < 30; i++) {
            accumulator.add(i % 4, "ключ-" + i % 5);
            accumulator.add("\uD83D\uDE00" + i % 3);
        }
        accumulator.add("");
        byte[] good = accumulator.toBytes();
        assertThat(PartitionAccumulator.fromBytes(good).toBytes()).isEqualTo(good);
        assertThat(PartitionAccumulator.fromBytes(good).totals()).isEqualTo(accumulator.totals());
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> PartitionAccumulator.fromBytes(cut)).isInstanceOf(MalformedInputException.class);
        }
        Random random = new Random(6);
        for (int trial = 0; trial < 5_000; trial++) {
            byte[] bad = good.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                PartitionAccumulator read = PartitionAccumulator.fromBytes(bad);
                assertThat(read.toBytes()).hasSameSizeAs(bad);
            } catch (MalformedInputException e) {
                assertThat(e.offset()).isBetween(0L, (long) bad.length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void totals_neighbours_differInAsManyPartitionsAsAssumed(Neighbouring relation) {
        Random random = new Random(4);
        int widest = 0;
        for (int trial = 0; trial < 300; trial++) {
            PartitionAccumulator with = accumulator(3);
            PartitionAccumulator without = accumulator(3);
            for (int i = 0; i < 20; i++) {
                with.addMany("k" + i, i);
                without.addMany("k" + i, i);
            }
            for (int i = 0; i < 9; i++) {
                with.add(7, "k" + random.nextInt(30));
                if (relation == Neighbouring.REPLACE_ONE) {
                    without.add(7, "k" + random.nextInt(30));
                }
            }
            int changed = 0;
            for (int i = 0; i < 30; i++) {
                long difference = with.totals().getOrDefault("k" + i, 0L)
                        - without.totals().getOrDefault("k" + i, 0L);
                assertThat(Math.abs(difference)).isLessThanOrEqualTo(1);
                changed += difference != 0 ? 1 : 0;
            }
            widest = Math.max(widest, changed);
        }
        double scale = new OpenHistogram(1e-5, 3, 1, new StatisticNoise.Laplace(1))
                .part(relation)
                .scale();
        assertThat((double) widest).isLessThanOrEqualTo(scale).isCloseTo(scale, within(1e-9));
    }

    @Test
    void selection_release_namesBigOnesAndNoSmallOnes() {
        PartitionSelection selection =
                PartitionSelection.of(1, 1e-5).withPartitions(2).withThreshold(30);
        PartitionAccumulator accumulator = selection.accumulator();
        accumulator.addMany("big", 1000);
        accumulator.addMany("small", 29);
        for (Neighbouring relation : Neighbouring.values()) {
            Release<List<String>> release =
                    selection.release(accumulator, TestTokens.of(selection.loss(relation)), new SeededBits(1));
            assertThat(release.value()).containsExactly("big");
            assertThat(release.loss()).isEqualTo(new PrivacyLoss.Approximate(1, 1e-5, relation));
            int changed = relation == Neighbouring.REPLACE_ONE ? 4 : 2;
            List<BigDecimal> pi = recursion(Math.nextDown(1.0 / changed), KeepProbability.share(1e-5, changed), 500);
            // Of those with more users, all are named with 95 %.
            double upper = MechanismContractTest.interval(release.evidence()).upper();
            int users = (int) upper - 29;
            assertThat(pi.get(users)).isLessThan(new BigDecimal("0.95"));
            assertThat(pi.get(users + 1)).isGreaterThanOrEqualTo(new BigDecimal("0.95"));
        }
    }

    /** The chance that a name of one user gets out, by the exact tail of the noise; for m names below δ, and close. */
    @ParameterizedTest
    @CsvSource({"1,1e-5,1", "0.2,1e-3,4", "3,0.5,2"})
    void openHistogram_limit_keepsNamesOfOneUserBack(double epsilon, double delta, int partitions) {
        OpenHistogram histogram = OpenHistogram.of(epsilon, delta).withPartitions(partitions);
        for (Neighbouring relation : Neighbouring.values()) {
            NoisePart part = histogram.part(relation);
            long least = histogram.limit(part.sampler());
            // P(1 + X > limit) = q^limit / (1 + q)
            BigDecimal q = BigDecimals.exp(BigDecimal.ONE.negate().divide(new BigDecimal(part.scale()), DIGITS));
            BigDecimal tail = q.pow((int) least, DIGITS).divide(BigDecimal.ONE.add(q), DIGITS);
            BigDecimal any =
                    BigDecimal.ONE.subtract(BigDecimal.ONE.subtract(tail).pow(partitions, DIGITS));
            assertThat(any).isLessThanOrEqualTo(new BigDecimal(delta));
            BigDecimal oneLess = tail.divide(q, DIGITS);
            if (least > 1) {
                assertThat(BigDecimal.ONE.subtract(
                                BigDecimal.ONE.subtract(oneLess).pow(partitions, DIGITS)))
                        .isGreaterThan(new BigDecimal(delta));
            }
        }
    }

    @Test
    void openHistogram_release_tellsLossAndCounts() {
        for (OpenHistogram histogram : List.of(OpenHistogram.of(1, 1e-6), OpenHistogram.gaussian(2, 1e-6))) {
            PartitionAccumulator accumulator = histogram.accumulator();
            accumulator.addMany("b", 5000);
            accumulator.addMany("a", 200);
            accumulator.addMany("c", 1);
            Release<SortedMap<String, Long>> release = histogram.release(
                    accumulator, TestTokens.of(histogram.loss(Neighbouring.ADD_REMOVE)), new SeededBits(9));
            assertThat(release.value()).containsOnlyKeys("a", "b");
            // 20 scales of Laplace noise, 10 σ of normal noise: below 1e-8 together at this fixed seed.
            assertThat(release.value().get("a")).isBetween(180L, 220L);
            assertThat(release.value().get("b")).isBetween(4980L, 5020L);
            Measurement.Curve curve =
                    (Measurement.Curve) release.evidence().measurements().get(0);
            assertThat(curve.points()).hasSize(2);
        }
        PrivacyLoss loss = OpenHistogram.of(1, 1e-6).loss(Neighbouring.ADD_REMOVE);
        for (Accountant accountant : List.of(new BasicAccountant(), PldAccountant.of())) {
            assertThat(accountant.epsilon(loss, 1.001e-6).upper()).isCloseTo(1, within(1e-3));
        }
        // The threshold holds whatever the noise.
        OpenHistogram strict = OpenHistogram.of(0.01, 0.5).withThreshold(100);
        PartitionAccumulator few = strict.accumulator();
        few.addMany("few", 99);
        BitSource bits = new SeededBits(4);
        for (int i = 0; i < 100; i++) {
            assertThat(strict.release(few, TestTokens.of(strict.loss(Neighbouring.ADD_REMOVE)), bits)
                            .value())
                    .isEqualTo(Map.of());
        }
    }

    @Test
    void of_badParameters_areRefused() {
        for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PartitionSelection.of(bad, 1e-5))
                    .withMessageContaining("epsilon must be in [");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PartitionSelection.of(1, bad))
                    .withMessageContaining("delta must be in [1.0E-300, 0.5], was " + bad);
            assertThatIllegalArgumentException().isThrownBy(() -> OpenHistogram.of(bad, 1e-5));
            assertThatIllegalArgumentException().isThrownBy(() -> OpenHistogram.gaussian(1, bad));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PartitionSelection.of(1, 1e-5).withPartitions(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OpenHistogram.of(1, 1e-5).withThreshold(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> accumulator(1).add("\uD800"))
                .withMessageContaining("unpaired surrogates");
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator(1).add("x".repeat(4097)));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator(1).addMany("x", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> accumulator(1).merge(accumulator(2)));
    }
}
