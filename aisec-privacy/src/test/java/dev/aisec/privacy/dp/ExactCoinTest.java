// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExactCoinTest {
    private static final MathContext PRECISE = new MathContext(400);

    /** e^x by its series of positive terms, to almost 400 digits. */
    static BigDecimal exp(double x) {
        BigDecimal sum = BigDecimal.ONE;
        BigDecimal term = BigDecimal.ONE;
        for (int i = 1; term.compareTo(sum.scaleByPowerOfTen(-398)) > 0; i++) {
            term = term.multiply(new BigDecimal(x), PRECISE).divide(BigDecimal.valueOf(i), PRECISE);
            sum = sum.add(term, PRECISE);
        }
        return sum;
    }

    static BigDecimal truth(double x, long others) {
        BigDecimal e = exp(x);
        return e.divide(e.add(BigDecimal.valueOf(others)), PRECISE);
    }

    private static BigInteger digits(BigDecimal p, int bits) {
        return p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(bits)))
                .setScale(0, RoundingMode.FLOOR)
                .unscaledValue();
    }

    @ParameterizedTest
    @CsvSource({
        "1e-10,1",
        "0.1,1",
        "0.5,1",
        "1,1",
        "1,99",
        "1.0986122886681098,2",
        "2.5,1000000",
        "5,12",
        "20,1",
        "100,7",
        "400,1"
    })
    void digits_ofTruth_areThoseOfAnIndependentSeries(double x, long others) {
        ExactCoin coin = ExactCoin.truth(new BigDecimal(x), others);
        assertThat(Long.toUnsignedString(coin.digits()))
                .isEqualTo(digits(truth(x, others), 64).toString());
    }

    @ParameterizedTest
    @CsvSource({"0.1,1", "1,99", "5,12", "40,1"})
    void flip_onTies_readsFurtherDigits(double x, long others) {
        ExactCoin coin = ExactCoin.truth(new BigDecimal(x), others);
        BigInteger all = digits(truth(x, others), 256);
        long[] words = new long[4];
        for (int i = 0; i < 4; i++) {
            words[i] = all.shiftRight(64 * (3 - i)).longValue();
        }
        for (int tied = 0; tied < 4; tied++) {
            for (int step = -1; step <= 1; step += 2) {
                if (words[tied] == (step < 0 ? 0 : -1)) {
                    continue;
                }
                ScriptedBits bits = new ScriptedBits();
                for (int i = 0; i < tied; i++) {
                    bits.word(words[i]);
                }
                bits.word(words[tied] + step);
                assertThat(coin.flip(bits)).isEqualTo(step < 0);
                assertThat(bits.isUsedUp()).isTrue();
            }
        }
    }

    @Test
    void flip_rational_isExactWithoutFurtherDigits() {
        ExactCoin coin = ExactCoin.of(new BigDecimal("0.75"));
        assertThat(coin.digits()).isEqualTo(3L << 62);
        assertThat(coin.flip(new ScriptedBits().word((3L << 62) - 1))).isTrue();
        assertThat(coin.flip(new ScriptedBits().word(3L << 62))).isFalse();
        // 2^-65 has one digit more than a word.
        ExactCoin rare = ExactCoin.of(new BigDecimal(0x1p-65));
        assertThat(rare.flip(new ScriptedBits().word(0).word(Long.MAX_VALUE))).isTrue();
        assertThat(rare.flip(new ScriptedBits().word(0).word(Long.MIN_VALUE))).isFalse();
    }

    @Test
    void of_notInside_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ExactCoin.of(BigDecimal.ONE))
                .withMessageContaining("(0, 1)");
        assertThatIllegalArgumentException().isThrownBy(() -> ExactCoin.of(BigDecimal.ZERO));
    }
}
