// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CumulativeTableTest {
    /** The high part has ratio e^-(2^c / t), the last outcome standing for all beyond; the low part has 64 or fewer digits. */
    @ParameterizedTest
    @ValueSource(doubles = {0.01, 0.5, 1, 3.7, 1024, 0x1.abcp40})
    void entries_ofDiscreteLaplace_areFloorsOfTheExactDistribution(double t) {
        DiscreteLaplace noise = DiscreteLaplace.of(t);
        BigDecimal scale = new BigDecimal(t);
        int c = Math.max(0, Math.getExponent(t));
        CumulativeTable high = noise.highTable();
        BigDecimal ratio = BigDecimals.exp(
                new BigDecimal(BigInteger.ONE.shiftLeft(c)).negate().divide(scale, BigDecimals.DIGITS));
        BigDecimal above = BigDecimal.ONE;
        for (int k = 0; k < high.outcomes() - 1; k++) {
            above = above.multiply(ratio, BigDecimals.DIGITS);
            assertThat(high.entry(k)).isEqualTo(floor(BigDecimal.ONE.subtract(above)));
        }
        CumulativeTable low = noise.lowTable();
        assertThat(low.outcomes()).isEqualTo(1 << Math.min(6, c));
        BigDecimal[] weights = new BigDecimal[low.outcomes()];
        for (int k = 0; k < weights.length; k++) {
            BigDecimal x = BigDecimal.valueOf((long) k << noise.restBits());
            weights[k] = BigDecimals.exp(x.negate().divide(scale, BigDecimals.DIGITS));
        }
        long[] expected = Pmf.entries(weights);
        for (int k = 0; k < expected.length; k++) {
            assertThat(low.entry(k)).isEqualTo(expected[k]);
        }
    }

    /** Weights e^-(a h²), a tail that sums to e^-(a H²) / (1 - e^-(2 a H)). */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3.7, 1024, 0x1.abcp40})
    void entries_ofDiscreteGaussian_areFloorsOfTheExactDistribution(double sigma) {
        DiscreteGaussian noise = DiscreteGaussian.of(sigma);
        CumulativeTable table = noise.table();
        int last = table.outcomes() - 1;
        BigDecimal relative = new BigDecimal(Math.scalb(sigma, -noise.widthBits()));
        BigDecimal[] weights = Pmf.gaussian(relative.doubleValue(), last);
        BigDecimal ratio =
                BigDecimals.exp(BigDecimal.valueOf(-last).divide(relative.multiply(relative), BigDecimals.DIGITS));
        weights[last] = weights[last].divide(BigDecimal.ONE.subtract(ratio), BigDecimals.DIGITS);
        long[] expected = Pmf.entries(weights);
        for (int k = 0; k < expected.length; k++) {
            assertThat(table.entry(k)).isEqualTo(expected[k]);
        }
    }

    private static long floor(BigDecimal f) {
        return f.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(63)))
                .toBigInteger()
                .longValueExact();
    }

    /** Every boundary word is compared with a linear scan; the words beside need no second. */
    @Test
    void draw_besideEveryEntry_isTheCellOfTheWord() {
        for (CumulativeTable table : new CumulativeTable[] {
            DiscreteLaplace.of(1).highTable(),
            DiscreteLaplace.of(100).lowTable(),
            DiscreteGaussian.of(1024).table(),
            DiscreteGaussian.of(0.1).table()
        }) {
            for (int k = 0; k < table.outcomes() - 1; k++) {
                for (int offset = -2; offset <= 2; offset++) {
                    long word = table.entry(k) + offset;
                    int cell = 0;
                    boolean tie = false;
                    for (int i = 0; i < table.outcomes() - 1; i++) {
                        cell += table.entry(i) < word ? 1 : 0;
                        tie |= table.entry(i) == word;
                    }
                    if (word >= 0 && !tie) {
                        assertThat(table.draw(word, new Words())).isEqualTo(cell);
                    }
                }
            }
        }
    }

    /** On a tie the next digits of 1 - e^-((k + 1) / t) decide; equal again, those after. */
    @Test
    void draw_onTies_isDecidedByFurtherDigits() {
        CumulativeTable table = DiscreteLaplace.of(1).highTable();
        for (int k = 0; k < 30; k++) {
            BigInteger digits = BigDecimal.ONE
                    .subtract(BigDecimals.exp(BigDecimal.valueOf(-k - 1)))
                    .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(63 + 128)))
                    .toBigInteger();
            long first = digits.shiftRight(128).longValueExact();
            long second = digits.shiftRight(64).longValue();
            long third = digits.longValue();
            assertThat(table.entry(k)).isEqualTo(first);
            assertThat(table.draw(first, new Words(second - 1))).isEqualTo(k);
            assertThat(table.draw(first, new Words(second + 1))).isEqualTo(k + 1);
            assertThat(table.draw(first, new Words(second, third - 1))).isEqualTo(k);
            assertThat(table.draw(first, new Words(second, third + 1))).isEqualTo(k + 1);
        }
    }

    /** Boundaries that 63 digits cannot tell apart: F(k) = 1 - 2^-(100 k); the digits of U decide among all. */
    @Test
    void draw_boundariesThatShareAWord_areToldApart() {
        CumulativeTable table = new CumulativeTable(precision -> {
            Enclosure[] weights = new Enclosure[4];
            for (int k = 0; k < 4; k++) {
                // Rounded, as what has more digits than asked for must be.
                BigInteger exact = BigInteger.ONE.shiftLeft(1000 - 100 * k);
                weights[k] = precision >= 1000
                        ? Enclosure.exactly(exact.shiftLeft(precision - 1000))
                        : new Enclosure(exact, exact).shiftRight(1000 - precision);
            }
            return weights;
        });
        assertThat(table.entry(0)).isEqualTo(Long.MAX_VALUE);
        assertThat(table.draw(Long.MAX_VALUE - 1, new Words())).isZero();
        assertThat(table.draw(Long.MAX_VALUE, new Words(0))).isZero();
        // 1 - U of about 2^-127, 2^-191 + …
        assertThat(table.draw(Long.MAX_VALUE, new Words(-1, 0))).isEqualTo(1);
        assertThat(table.draw(Long.MAX_VALUE, new Words(-1, -1, 0))).isEqualTo(1);
        assertThat(table.draw(Long.MAX_VALUE, new Words(-1, -1, -1, 0))).isEqualTo(2);
        assertThat(table.draw(Long.MAX_VALUE, new Words(-1, -1, -1, -1, 0))).isEqualTo(3);
    }
}
