// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

class ExactBernoulliTest {
    private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

    @Test
    void rational_everyShare_isTheFloorOfTheWord() {
        // For p = num / den the words that answer true outright are those below floor(2⁶⁴ p).
        for (int den = 1; den <= 40; den++) {
            for (int num = 0; num < den; num++) {
                BigInteger n = BigInteger.valueOf(num);
                BigInteger d = BigInteger.valueOf(den);
                BigInteger[] split = n.multiply(TWO_64).divideAndRemainder(d);
                if (split[0].signum() > 0) {
                    assertThat(ExactBernoulli.rational(n, d, new Words(split[0].longValue() - 1)))
                            .isTrue();
                }
                assertThat(ExactBernoulli.rational(n, d, new Words(split[0].longValue() + 1)))
                        .isFalse();
                // On the boundary the second word decides: 0 is below any digits that are left.
                Words tie = new Words(split[0].longValue(), 0);
                assertThat(ExactBernoulli.rational(n, d, tie)).isEqualTo(split[1].signum() > 0);
            }
        }
        assertThat(ExactBernoulli.rational(BigInteger.TEN, BigInteger.TEN, new Words()))
                .isTrue();
    }

    @Test
    void exp_wordsAroundTheBoundary_agreeWithAHundredDigits() {
        long[][] arguments = {
            {0, 1},
            {1, 1},
            {1, 3},
            {2, 7},
            {355, 113},
            {39, 10},
            {4, 1},
            {17, 2},
            {40, 1},
            {1, 1_000_003},
            {44, 1},
            {1, Long.MAX_VALUE},
            {Long.MAX_VALUE, Long.MAX_VALUE - 1}
        };
        for (long[] a : arguments) {
            BigInteger n = BigInteger.valueOf(a[0]);
            BigInteger d = BigInteger.valueOf(a[1]);
            // Two words of the boundary, by an independent computation.
            BigInteger digits = BigDecimals.exp(BigDecimals.ratio(n, d).negate())
                    .multiply(new BigDecimal(TWO_64.pow(2)), MathContext.UNLIMITED)
                    .toBigInteger();
            for (int offset = -3; offset <= 3; offset++) {
                BigInteger word = digits.shiftRight(64).add(BigInteger.valueOf(offset));
                if (offset != 0 && word.signum() >= 0 && word.bitLength() <= 64) {
                    assertThat(ExactBernoulli.exp(n, d, new Words(word.longValue(), 1L << 63)))
                            .as("%s/%s %s", n, d, offset)
                            .isEqualTo(offset < 0);
                }
            }
            if (a[0] > 0) {
                long first = digits.shiftRight(64).longValue();
                long second = digits.longValue();
                assertThat(ExactBernoulli.exp(n, d, new Words(first, second - 2)))
                        .isTrue();
                assertThat(ExactBernoulli.exp(n, d, new Words(first, second + 2)))
                        .isFalse();
                assertThat(ExactBernoulli.exp(n, d, new Words(first, second, 0, 0)))
                        .isTrue();
                assertThat(ExactBernoulli.exp(n, d, new Words(first, second, -1, -1)))
                        .isFalse();
            }
        }
    }

    @Test
    void exp_hugeArgument_isFalseWithoutComputing() {
        BigInteger huge = BigInteger.ONE.shiftLeft(10_000);
        assertThat(ExactBernoulli.exp(huge, BigInteger.ONE, new Words(1))).isFalse();
        assertThat(ExactBernoulli.exp(huge, BigInteger.ONE, new Words(0, 0, 5))).isFalse();
    }

    /** The words are drawn so that the answer is in doubt for the fast version only; sampled frequencies: |z| &lt; 7, 1e-11. */
    @Test
    void exp_sampled_hasItsFrequency() {
        int n = 60_000;
        for (long[] a : new long[][] {{1, 2}, {3, 1}, {5, 1}}) {
            BitSource bits = new SeededBits(a[0]);
            int hits = 0;
            for (int i = 0; i < n; i++) {
                hits += ExactBernoulli.exp(BigInteger.valueOf(a[0]), BigInteger.valueOf(a[1]), bits) ? 1 : 0;
            }
            double p = Math.exp(-(double) a[0] / a[1]);
            assertThat((hits - n * p) / Math.sqrt(n * p * (1 - p))).isBetween(-7.0, 7.0);
        }
    }

    @Test
    void parameters_outOfRange_areRefused() {
        assertThatThrownBy(() -> ExactBernoulli.exp(BigInteger.valueOf(-1), BigInteger.ONE, new Words()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("num / den must be >= 0 with den > 0, was -1 / 1");
        assertThatThrownBy(() -> ExactBernoulli.rational(BigInteger.TWO, BigInteger.ONE, new Words()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("num must be in [0, den], was 2 of 1");
    }

    @Test
    void fast_everyArgument_isWithinItsBound() {
        BitSource bits = new SeededBits(5);
        long limit = (long) FixedExp.LIMIT << FixedExp.ARGUMENT_BITS;
        for (int i = 0; i < 20_000; i++) {
            // Random places, and the ends of the steps where the cut series is at its worst.
            long x = i % 2 == 0 ? bits.nextLong() >>> 2 : (bits.nextLong(1024) + 1 << 52) - 1;
            assertThat(x).isBetween(0L, limit - 1);
            Enclosure truth =
                    FixedExp.enclose(BigInteger.valueOf(x), BigInteger.ONE.shiftLeft(FixedExp.ARGUMENT_BITS), 62);
            assertThat(Math.abs(FixedExp.fast(x) - truth.low().longValueExact()))
                    .isLessThan(FixedExp.ERROR);
        }
        assertThat(FixedExp.fast(0)).isEqualTo(1L << 62);
    }

    @Test
    void enclose_manyArguments_holdsTheValueTightly() {
        for (long[] a : new long[][] {{1, 1}, {1, 7}, {100, 3}, {1, 1L << 50}, {123456789, 10007}, {60, 1}}) {
            for (int precision : new int[] {1, 64, 192, 256}) {
                BigInteger n = BigInteger.valueOf(a[0]);
                BigInteger d = BigInteger.valueOf(a[1]);
                BigDecimal scaled = BigDecimals.exp(BigDecimals.ratio(n, d).negate())
                        .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(precision)));
                Enclosure e = FixedExp.enclose(n, d, precision);
                assertThat(new BigDecimal(e.low())).isLessThanOrEqualTo(scaled);
                assertThat(new BigDecimal(e.high())).isGreaterThanOrEqualTo(scaled);
                assertThat(e.high().subtract(e.low())).isLessThanOrEqualTo(BigInteger.TWO);
            }
        }
    }
}
