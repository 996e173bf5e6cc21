// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exact distributions, by enumeration of the draws. */
class LocalRandomizerTest {
    private static final MathContext PRECISE = new MathContext(400);
    private static final BigDecimal NOTHING = BigDecimal.ONE.scaleByPowerOfTen(-350);
    /** Words that make any coin fall on heads or on tails. */
    private static final long HEADS = 0;

    private static final long TAILS = -1;

    private static <R> void add(Map<R, BigDecimal> to, R report, BigDecimal probability) {
        to.merge(report, probability, BigDecimal::add);
    }

    /** The largest ratio is e^ε and no more, to 350 digits; probabilities add up to one. */
    private static <R> void assertTight(List<Map<R, BigDecimal>> byValue, double epsilon) {
        BigDecimal largest = BigDecimal.ZERO;
        for (Map<R, BigDecimal> p : byValue) {
            assertThat(p.values().stream()
                            .reduce(BigDecimal.ZERO, BigDecimal::add)
                            .subtract(BigDecimal.ONE)
                            .abs())
                    .isLessThan(NOTHING);
            for (Map<R, BigDecimal> q : byValue) {
                assertThat(p.keySet()).isEqualTo(q.keySet());
                for (R report : p.keySet()) {
                    largest = largest.max(p.get(report).divide(q.get(report), PRECISE));
                }
            }
        }
        BigDecimal e = ExactCoinTest.exp(epsilon);
        assertThat(largest.divide(e, PRECISE).subtract(BigDecimal.ONE).abs()).isLessThan(NOTHING);
    }

    private static BigDecimal over(BigDecimal p, long n) {
        return p.divide(BigDecimal.valueOf(n), PRECISE);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7})
    void randomizedResponse_enumerated_hasRatioExpEpsilon(int k) {
        double epsilon = 1.3;
        RandomizedResponse randomizer = RandomizedResponse.of(epsilon, k);
        BigDecimal truth = ExactCoinTest.truth(epsilon, k - 1);
        List<Map<Integer, BigDecimal>> all = new java.util.ArrayList<>();
        for (int v = 0; v < k; v++) {
            Map<Integer, BigDecimal> p = new HashMap<>();
            for (int other = 0; other < k - 1; other++) {
                add(p, randomizer.randomize(v, new ScriptedBits().word(HEADS).number(other)), over(truth, k - 1));
                add(
                        p,
                        randomizer.randomize(v, new ScriptedBits().word(TAILS).number(other)),
                        over(BigDecimal.ONE.subtract(truth), k - 1));
            }
            all.add(p);
        }
        assertTight(all, epsilon);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void unaryEncoding_enumerated_hasRatioExpEpsilon(boolean optimized) {
        double epsilon = 0.75;
        int k = 4;
        UnaryEncoding randomizer =
                optimized ? UnaryEncoding.optimized(epsilon, k) : UnaryEncoding.symmetric(epsilon, k);
        BigDecimal kept = optimized ? new BigDecimal("0.5") : ExactCoinTest.truth(epsilon / 2, 1);
        BigDecimal unset = optimized ? ExactCoinTest.truth(epsilon, 1) : kept;
        List<Map<BitSet, BigDecimal>> all = new java.util.ArrayList<>();
        for (int v = 0; v < k; v++) {
            Map<BitSet, BigDecimal> p = new HashMap<>();
            for (int coins = 0; coins < 1 << k; coins++) {
                ScriptedBits bits = new ScriptedBits();
                BigDecimal probability = BigDecimal.ONE;
                for (int i = 0; i < k; i++) {
                    boolean heads = (coins >> i & 1) == 1;
                    BigDecimal coin = i == v ? kept : unset;
                    bits.word(heads ? HEADS : TAILS);
                    probability = probability.multiply(heads ? coin : BigDecimal.ONE.subtract(coin), PRECISE);
                }
                add(p, randomizer.randomize(v, bits), probability);
            }
            all.add(p);
        }
        assertTight(all, epsilon);
    }

    @Test
    void localHashing_enumeratedAtOneFunction_hasRatioExpEpsilon() {
        double epsilon = 1;
        LocalHashing randomizer = LocalHashing.of(epsilon, 10);
        int g = randomizer.cells();
        BigDecimal truth = ExactCoinTest.truth(epsilon, g - 1);
        List<Map<LocalHashing.Report, BigDecimal>> all = new java.util.ArrayList<>();
        for (int v = 0; v < 10; v++) {
            Map<LocalHashing.Report, BigDecimal> p = new HashMap<>();
            for (int other = 0; other < g - 1; other++) {
                for (long word : new long[] {HEADS, TAILS}) {
                    ScriptedBits bits = new ScriptedBits()
                            .number(1234567890123456789L)
                            .number(987654321098765432L)
                            .word(word)
                            .number(other);
                    add(
                            p,
                            randomizer.randomize(v, bits),
                            over(word == HEADS ? truth : BigDecimal.ONE.subtract(truth), g - 1));
                }
            }
            all.add(p);
        }
        assertTight(all, epsilon);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1.5, 2.5, 6})
    void hadamardResponse_enumerated_hasRatioExpEpsilon(double epsilon) {
        int k = 11;
        HadamardResponse randomizer = HadamardResponse.of(epsilon, k);
        int half = randomizer.columns() / randomizer.blocks() / 2;
        int rest = (2 * randomizer.blocks() - 1) * half;
        BigDecimal truth = ExactCoinTest.truth(epsilon, 2L * randomizer.blocks() - 1);
        List<Map<Integer, BigDecimal>> all = new java.util.ArrayList<>();
        for (int v = 0; v < k; v++) {
            Map<Integer, BigDecimal> p = new HashMap<>();
            for (int in = 0; in < half; in++) {
                for (int out = 0; out < rest; out++) {
                    for (long word : new long[] {HEADS, TAILS}) {
                        ScriptedBits bits =
                                new ScriptedBits().word(word).number(in).number(out);
                        BigDecimal coin = word == HEADS ? truth : BigDecimal.ONE.subtract(truth);
                        add(p, randomizer.randomize(v, bits), over(coin, (long) half * rest));
                    }
                }
            }
            all.add(p);
        }
        assertThat(all.get(0)).hasSize(randomizer.columns());
        assertTight(all, epsilon);
    }

    /** Bits of a report depend on the value through 2h bits; each ratio, of rationals, is exact. */
    @Test
    void rappor_loss_isProductOfBitRatiosRoundedUp() {
        Rappor rappor = new Rappor(50, 3, 16, 0.25, 0.3, 0.8);
        BigDecimal f = new BigDecimal(0.25);
        BigDecimal sum =
                new BigDecimal(0.3).add(new BigDecimal(0.8)).multiply(f).multiply(new BigDecimal("0.5"));
        BigDecimal set = sum.add(new BigDecimal(0.75).multiply(new BigDecimal(0.8)));
        BigDecimal unset = sum.add(new BigDecimal(0.75).multiply(new BigDecimal(0.3)));
        BigDecimal ratio = set.divide(unset, PRECISE)
                .multiply(BigDecimal.ONE.subtract(unset).divide(BigDecimal.ONE.subtract(set), PRECISE), PRECISE)
                .pow(3, PRECISE);
        double epsilon = ((PrivacyLoss.Pure) rappor.loss()).epsilon();
        assertThat(ExactCoinTest.exp(epsilon)).isGreaterThanOrEqualTo(ratio);
        assertThat(ExactCoinTest.exp(epsilon - 1e-14)).isLessThan(ratio);
        assertThat(rappor.permanentLoss())
                .isEqualTo(new PrivacyLoss.RandomizedResponse(0.25, 2, Neighbouring.REPLACE_ONE).repeat(6));
    }

    @Test
    void rappor_permanentAndReport_drawEveryBitOnce() {
        Rappor rappor = new Rappor(5, 2, 4, 0.5, 0.5, 0.75);
        ScriptedBits bits = new ScriptedBits().number(17).number(23);
        for (int i = 0; i < 8; i++) {
            bits.word(TAILS);
        }
        Rappor.Permanent permanent = rappor.memoize(3, bits);
        assertThat(permanent.bits().isEmpty()).isTrue();
        for (int i = 0; i < 8; i++) {
            // Between p and q: unset bits fall on tails.
            bits.word(0xA000_0000_0000_0000L);
        }
        assertThat(rappor.report(permanent, bits)).isEqualTo(new Rappor.Report(17, 23, new BitSet()));
        assertThat(bits.isUsedUp()).isTrue();
    }

    @Test
    void randomizedResponse_loss_neverUnderstatesEpsilon() {
        for (double epsilon : new double[] {1e-9, 0.01, 0.7, 1, 3, 12, 100, 500}) {
            for (int k : new int[] {3, 10, 100_000, Integer.MAX_VALUE}) {
                PrivacyLoss.RandomizedResponse loss = (PrivacyLoss.RandomizedResponse)
                        RandomizedResponse.of(epsilon, k).loss();
                BigDecimal noise = new BigDecimal(loss.noise());
                BigDecimal ratio = BigDecimal.ONE
                        .subtract(noise)
                        .multiply(BigDecimal.valueOf(k))
                        .divide(noise, PRECISE)
                        .add(BigDecimal.ONE);
                assertThat(ratio).isGreaterThanOrEqualTo(ExactCoinTest.exp(epsilon));
                double slack = 1e-15 * Math.max(1, k * Math.exp(-epsilon)) * 4;
                assertThat(ratio.doubleValue()).isLessThanOrEqualTo(Math.exp(epsilon + slack) * (1 + 1e-12));
            }
        }
        assertThat(RandomizedResponse.binary(2).loss()).isEqualTo(new PrivacyLoss.Pure(2, Neighbouring.REPLACE_ONE));
        assertThat(UnaryEncoding.symmetric(2, 9).loss())
                .isEqualTo(new PrivacyLoss.Pure(1, Neighbouring.REPLACE_ONE).repeat(2));
    }

    @Test
    void pairwiseHash_pointAndCell_equalBigIntegers() {
        BigInteger prime = BigInteger.ONE.shiftLeft(61).subtract(BigInteger.ONE);
        BitSource bits = new SeededBits(3);
        for (int i = 0; i < 2000; i++) {
            long a = i == 0 ? PairwiseHash.PRIME - 1 : bits.nextLong(PairwiseHash.PRIME);
            long b = i == 0 ? PairwiseHash.PRIME - 1 : bits.nextLong(PairwiseHash.PRIME);
            int v = i == 0 ? Integer.MAX_VALUE - 1 : (int) bits.nextLong(Integer.MAX_VALUE);
            int m = i == 0 ? 1 << 30 : (int) (2 + bits.nextLong((1 << 30) - 1));
            BigInteger point = BigInteger.valueOf(a)
                    .multiply(BigInteger.valueOf(v))
                    .add(BigInteger.valueOf(b))
                    .mod(prime);
            assertThat(PairwiseHash.point(a, b, v)).isEqualTo(point.longValueExact());
            assertThat(PairwiseHash.next(a, point.longValueExact())).isEqualTo(PairwiseHash.point(a, b, v + 1));
            assertThat(PairwiseHash.cell(point.longValueExact(), m))
                    .isEqualTo(
                            point.multiply(BigInteger.valueOf(m)).shiftRight(61).intValueExact());
        }
    }

    /** ⌈2⁶¹ / m⌉ or ⌊…⌋ points in each cell, but for the one point that the prime leaves out. */
    @Test
    void pairwiseHash_cells_areEqualInSize() {
        int m = 7;
        for (int cell = 0; cell < m; cell++) {
            BigInteger first = BigInteger.valueOf(cell)
                    .shiftLeft(61)
                    .add(BigInteger.valueOf(m - 1))
                    .divide(BigInteger.valueOf(m));
            assertThat(PairwiseHash.cell(first.longValueExact(), m)).isEqualTo(cell);
            if (cell > 0) {
                assertThat(PairwiseHash.cell(first.longValueExact() - 1, m)).isEqualTo(cell - 1);
            }
        }
    }

    @Test
    void localHashing_of_takesTheCellsOfLeastVariance() {
        assertThat(LocalHashing.of(1, 100).cells()).isEqualTo(4);
        for (double epsilon : new double[] {0.1, 0.5, 1, 2, 3.3, 5}) {
            LocalHashing best = LocalHashing.of(epsilon, 100);
            for (int g = 2; g < 300; g++) {
                assertThat(best.variance(1, 0))
                        .isLessThanOrEqualTo(best.withCells(g).variance(1, 0) * (1 + 1e-12));
            }
        }
    }

    @Test
    void randomize_badValue_isRefusedWithoutRepeatingIt() {
        List<LocalRandomizer<?>> all = List.of(
                RandomizedResponse.of(1, 5),
                UnaryEncoding.optimized(1, 5),
                LocalHashing.of(1, 5),
                HadamardResponse.of(1, 5),
                Rappor.of(5));
        for (LocalRandomizer<?> randomizer : all) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> randomizer.randomize(5))
                    .withMessage("value must be in [0, 5)");
            assertThatIllegalArgumentException().isThrownBy(() -> randomizer.randomize(-1));
            assertThat(randomizer.randomize(4)).isNotNull();
            assertThat(randomizer.loss().neighbouring()).isEqualTo(Neighbouring.REPLACE_ONE);
        }
    }

    @Test
    void of_badParameters_areRefused() {
        for (double epsilon : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 501}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RandomizedResponse.of(epsilon, 3))
                    .withMessage("epsilon must be > 0 and <= 500, was " + epsilon);
            assertThatIllegalArgumentException().isThrownBy(() -> LocalHashing.of(epsilon, 3));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> RandomizedResponse.of(1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalHashing.of(1, 9).withCells(1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Rappor(9, 2, 64, 0.5, 0.75, 0.5));
        assertThatIllegalArgumentException().isThrownBy(() -> new Rappor(9, 2, 64, 0, 0.5, 0.75));
        assertThatIllegalArgumentException().isThrownBy(() -> new Rappor(9, 8, 64, 0.5, 0.5, 0.75));
    }

    @Test
    void estimate_impossibleReports_areRefused() {
        BitSet long_ = new BitSet();
        long_.set(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RandomizedResponse.of(1, 5).estimate(List.of(5)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HadamardResponse.of(1, 5).estimate(List.of(-1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UnaryEncoding.optimized(1, 5).estimate(List.of(long_)));
        assertThatIllegalArgumentException().isThrownBy(() -> new LocalHashing.Report(-1, 0, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalHashing.of(1, 5).estimate(List.of(new LocalHashing.Report(1, 2, 4))));
    }
}
