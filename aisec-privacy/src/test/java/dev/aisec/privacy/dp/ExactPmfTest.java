// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The samplers as functions of their bits: enumerated, or searched for the words at which an answer changes. */
class ExactPmfTest {
    /**
     * One word decides on all. Of the 2¹⁴ first digits those whose value is the same whatever follows bound the probability
     * from below, those that can give the value from above; the two differ by the two cells that a boundary cuts.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.5, 1, 1.7})
    void discreteLaplace_allFirstDigits_encloseTheExactProbabilities(double t) {
        DiscreteLaplace noise = DiscreteLaplace.of(t);
        int digits = 14;
        Map<Long, Integer> all = new HashMap<>();
        Map<Long, Integer> some = new HashMap<>();
        for (long prefix = 0; prefix < 1 << digits; prefix++) {
            for (long sign = 0; sign <= 1; sign++) {
                long first = prefix << 64 - digits | sign;
                long low = one(noise, first);
                // The last digit is the sign's: -1 - 1 = …110.
                long high = one(noise, first | (1L << 64 - digits) - 2);
                some.merge(low, 1, Integer::sum);
                if (low == high) {
                    all.merge(low, 1, Integer::sum);
                } else {
                    some.merge(high, 1, Integer::sum);
                }
            }
        }
        BigDecimal q = BigDecimals.exp(BigDecimal.ONE.negate().divide(new BigDecimal(t), BigDecimals.DIGITS));
        for (long k = -4; k <= 4; k++) {
            // Half of P(|X| = k) for each sign, of twice as many words.
            BigDecimal p = BigDecimal.ONE.subtract(q).multiply(q.pow((int) Math.abs(k)));
            double count = p.doubleValue() * (1 << digits);
            if (count < 2) {
                continue;
            }
            assertThat(count).isBetween((double) all.getOrDefault(k, 0), (double) some.getOrDefault(k, 0));
            assertThat(some.getOrDefault(k, 0) - all.getOrDefault(k, 0)).isLessThanOrEqualTo(2);
        }
    }

    /** The value if the word decides on it, else a mark: minus zero, or a tie. */
    private static long one(IntegerNoise noise, long word) {
        try {
            return noise.sample(new Words(word));
        } catch (IllegalStateException e) {
            return Long.MIN_VALUE;
        }
    }

    /**
     * For every block and place: the coin's words that keep the value are exactly those below 2^n e^-(a F (2h + F)). Together
     * with the tables' exact entries this is the probability of every value within the table.
     */
    @ParameterizedTest
    @CsvSource({"33.3, 1", "100, 2"})
    void discreteGaussian_everyCoin_changesAtItsExactProbability(double sigma, int widthBits) {
        DiscreteGaussian noise = DiscreteGaussian.of(sigma);
        assertThat(noise.widthBits()).isEqualTo(widthBits);
        CumulativeTable table = noise.table();
        BigDecimal s = new BigDecimal(sigma);
        for (int h = 0; h < table.outcomes() - 1; h += h < 40 ? 1 : 7) {
            long word = (h == 0 ? 1 : table.entry(h - 1) + 1) << 1;
            if (h > 0 && table.entry(h - 1) >= table.entry(h) - 1) {
                continue;
            }
            BigDecimal left = Pmf.gaussian(s, BigDecimal.valueOf((long) h << widthBits));
            for (long j = 0; j < 1 << widthBits; j++) {
                int coinDigits = 64 - widthBits;
                long value = ((long) h << widthBits) + j;
                BigDecimal p = Pmf.gaussian(s, BigDecimal.valueOf(value)).divide(left, BigDecimals.DIGITS);
                BigInteger bound = p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(coinDigits)))
                        .toBigInteger();
                for (int offset = -2; offset <= 2; offset++) {
                    BigInteger coin = bound.add(BigInteger.valueOf(offset));
                    if (offset == 0 || coin.signum() < 0 || coin.bitLength() > coinDigits) {
                        continue;
                    }
                    long place = j << coinDigits | coin.longValue();
                    assertThat(keeps(noise, value, word, place))
                            .as("%s %s %s", h, j, offset)
                            .isEqualTo(offset < 0);
                    assertThat(keeps(noise, -value, word | 1, place)).isEqualTo(offset < 0 && value != 0);
                }
            }
        }
    }

    /** The same with a word of its own for the coin: the discrete Laplace distribution's rest, at 2^-w of its digits. */
    @ParameterizedTest
    @ValueSource(doubles = {300.25, 70_000.7, 0x1.8p45})
    void discreteLaplace_coins_changeAtTheirExactProbability(double t) {
        DiscreteLaplace noise = DiscreteLaplace.of(t);
        int w = noise.restBits();
        boolean shared = w <= 8;
        BitSource random = new SeededBits(11);
        long high = noise.highTable().entry(2) + 1 << 1;
        long low = noise.lowTable().entry(40) + 1 << 1;
        for (int i = 0; i < 200; i++) {
            long j = i == 0 ? 0 : i == 1 ? (1L << w) - 1 : random.nextLong() >>> 64 - w;
            BigDecimal p = BigDecimals.exp(BigDecimal.valueOf(-j).divide(new BigDecimal(t), BigDecimals.DIGITS));
            int coinDigits = shared ? 64 - w : 64;
            BigInteger bound = p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(coinDigits)))
                    .toBigInteger();
            long value = ((3L << 6) + 41 << w) + j;
            for (int offset = -2; offset <= 2; offset++) {
                BigInteger coin = bound.add(BigInteger.valueOf(offset));
                if (offset == 0 || coin.bitLength() > coinDigits) {
                    continue;
                }
                long[] words = shared
                        ? new long[] {high, low, j << coinDigits | coin.longValue()}
                        : new long[] {high, low, j << 64 - w, coin.longValue()};
                assertThat(keeps(noise, value, words)).isEqualTo(offset < 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {32, 1024, 0x1.2345p40, 0x1p50})
    void roundedGaussian_coinsAndRounding_areThoseOfTheRealNumber(double sigma) {
        RoundedGaussian noise = RoundedGaussian.of(sigma);
        CumulativeTable table = noise.table();
        BitSource random = new SeededBits(13);
        BigDecimal s = new BigDecimal(sigma);
        BigDecimal width = BigDecimal.valueOf(1L << noise.widthBits());
        for (int i = 0; i < 200; i++) {
            int h = (int) random.nextLong(i < 100 ? 20 : 120);
            long word = (h == 0 ? 1 : table.entry(h - 1) + 1) << 1;
            long place = i == 0 ? 0 : i == 1 ? -1 : random.nextLong();
            BigDecimal f =
                    new BigDecimal(ExactBernoulli.unsigned(place)).divide(new BigDecimal(BigInteger.ONE.shiftLeft(64)));
            BigDecimal x = BigDecimal.valueOf(h).add(f).multiply(width);
            BigDecimal p = Pmf.gaussian(s, x)
                    .divide(Pmf.gaussian(s, BigDecimal.valueOf(h).multiply(width)), BigDecimals.DIGITS);
            BigInteger bound =
                    p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(64))).toBigInteger();
            // Half up: the real number's further digits push it there.
            long value = x.setScale(0, RoundingMode.HALF_UP).longValueExact();
            for (int offset : new int[] {-1000, -4, 4, 1000}) {
                BigInteger coin = bound.add(BigInteger.valueOf(offset));
                if (coin.bitLength() <= 64) {
                    assertThat(keeps(noise, value, word, place, coin.longValue()))
                            .as("%s %s %s", h, f, offset)
                            .isEqualTo(offset < 0);
                }
            }
        }
    }

    /** Whether the first trial gives the value; a rejected one asks for more words than there are. */
    private static boolean keeps(IntegerNoise noise, long value, long... words) {
        try {
            assertThat(noise.sample(new Words(words))).isEqualTo(value);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    @Test
    void coin_inDoubt_isDecidedByFurtherDigitsOfBoth() {
        // The discrete Gaussian of 33.3, block 1, place 1: its coin is e^-((3² - 2²) / (2σ²)).
        BigDecimal s = new BigDecimal(33.3);
        BigInteger digits = Pmf.gaussian(s, BigDecimal.valueOf(3))
                .divide(Pmf.gaussian(s, BigDecimal.valueOf(2)), BigDecimals.DIGITS)
                .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(63 + 64)))
                .toBigInteger();
        DiscreteGaussian noise = DiscreteGaussian.of(33.3);
        long block = noise.table().entry(0) + 1 << 1;
        long place = 1L << 63 | digits.shiftRight(64).longValue();
        assertThat(keeps(noise, 3, block, place, digits.longValue() - 1)).isTrue();
        assertThat(keeps(noise, 3, block, place, digits.longValue() + 1)).isFalse();
        // Rounded: digits of the place and of the coin in turn.
        RoundedGaussian rounded = RoundedGaussian.of(33.3);
        BigInteger half = Pmf.gaussian(s, BigDecimal.valueOf(3))
                .divide(Pmf.gaussian(s, BigDecimal.valueOf(2)), BigDecimals.DIGITS)
                .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(128)))
                .toBigInteger();
        long coin = half.shiftRight(64).longValue();
        long more = half.longValue();
        // The first digits after the coin's that decide, given that F goes on with zeros.
        assertThat(keeps(rounded, 3, block, 1L << 63, coin, more - (1L << 40), 0))
                .isTrue();
        assertThat(keeps(rounded, 3, block, 1L << 63, coin, more + (1L << 40), 0))
                .isFalse();
    }

    @Test
    void tail_ofDiscreteLaplace_isTheWholeAgain() {
        DiscreteLaplace noise = DiscreteLaplace.of(1);
        // The last boundary shares its first word with others: 1 - e^-127 takes two more words of ones.
        long seven = noise.highTable().entry(6) + 1 << 1;
        assertThat(noise.sample(new Words(-2, -1, -1, seven))).isEqualTo(127 + 7);
        assertThat(noise.sample(new Words(-1, -1, -1, -1, -1, -1, seven))).isEqualTo(-(127 + 127 + 7));
    }

    @Test
    void tail_ofGaussians_hasItsBlockPlaceAndCoin() {
        DiscreteGaussian small = DiscreteGaussian.of(0.5);
        int from = small.table().outcomes() - 1;
        // A word of ones to pass the boundaries; stays at the first block, as e^-(2 a H) is far below 1; its coin is
        // certain.
        assertThat(small.sample(new Words(-2, -1, -1))).isEqualTo(from);
        RoundedGaussian large = RoundedGaussian.of(1024);
        long width = 1L << large.widthBits();
        assertThat(large.sample(new Words(-2, -1, -1, 0, 0, -1))).isEqualTo(255 * width);
        assertThat(large.sample(new Words(-1, -1, -1, 1L << 63, 0, 0, -1))).isEqualTo(-(256 * width + width / 2));
    }

    /** Blocks of the tail by their own sampler against e^-(x²/(2σ²)) on the values from H W on; false alarm below 1e-9. */
    @Test
    void tail_ofDiscreteGaussian_hasTheExactShape() {
        double sigma = 33;
        GaussianBlocks blocks = new GaussianBlocks(sigma);
        BitSource bits = new SeededBits(17);
        int bins = 12;
        long[] counts = new long[bins + 1];
        long start = (long) blocks.tailFrom << blocks.widthBits;
        int kept = 0;
        while (kept < 20_000) {
            long block = blocks.tailBlock(bits);
            long place = bits.nextLong() >>> 64 - blocks.widthBits;
            BigInteger coin = ExactBernoulli.unsigned(bits.nextLong());
            if (blocks.keep(block, BigInteger.valueOf(place), blocks.widthBits, true, coin, 64, bits)) {
                counts[(int) Math.min(bins, (block << blocks.widthBits) + place - start)]++;
                kept++;
            }
        }
        double[] p = new double[bins + 1];
        for (int i = 0; i < 400; i++) {
            double x = start + i;
            p[Math.min(bins, i)] += Math.exp((start * (double) start - x * x) / (2 * sigma * sigma));
        }
        ChiSquare.check(counts, p, 1e-9);
    }

    /** Every trial takes the same words, whatever it gives: the time tells nothing. */
    @Test
    void sample_anyValue_takesTheSameWords() {
        int[] taken = new int[1];
        BitSource random = new SeededBits(19);
        BitSource counting = () -> {
            taken[0]++;
            return random.nextLong();
        };
        Map<IntegerNoise, Integer> words = Map.of(
                DiscreteLaplace.of(1), 1,
                DiscreteLaplace.of(40), 2,
                DiscreteLaplace.of(1024), 3,
                DiscreteLaplace.of(0x1p40), 4,
                DiscreteGaussian.of(3), 1,
                DiscreteGaussian.of(1024), 2,
                DiscreteGaussian.of(0x1p40), 3,
                RoundedGaussian.of(0x1p40), 3);
        words.forEach((noise, count) -> {
            for (int i = 0; i < 20_000; i++) {
                taken[0] = 0;
                noise.sample(counting);
                assertThat(taken[0] % count).isZero();
            }
        });
    }
}
