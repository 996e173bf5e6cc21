// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

class BinomialTailTest {
    private static final MathContext EXACT = new MathContext(60);

    private static double exactUpper(int k, int n, String p) {
        BigDecimal q = BigDecimal.ONE.subtract(new BigDecimal(p));
        BigDecimal sum = BigDecimal.ZERO;
        BigInteger choose = BigInteger.ONE;
        for (int j = 0; j <= n; j++) {
            if (j >= k) {
                sum = sum.add(new BigDecimal(choose)
                        .multiply(new BigDecimal(p).pow(j, EXACT))
                        .multiply(q.pow(n - j, EXACT)));
            }
            choose = choose.multiply(BigInteger.valueOf(n - j)).divide(BigInteger.valueOf(j + 1));
        }
        return sum.doubleValue();
    }

    @Test
    void logUpper_exactSums_agree() {
        for (String p : new String[] {"0.001", "0.3", "0.5", "0.97"}) {
            for (int k = 0; k <= 60; k++) {
                double exact = exactUpper(k, 60, p);
                assertThat(BinomialTail.logUpper(k, 60, Double.parseDouble(p)))
                        .as("k %s, p %s", k, p)
                        .isCloseTo(Math.log(exact), within(1e-11 * Math.max(1, Math.abs(Math.log(exact)))));
            }
        }
    }

    @Test
    void logUpper_farTail_doesNotUnderflow() {
        // P(X = n) = p^n
        assertThat(BinomialTail.logUpper(100_000, 100_000, 0.5)).isCloseTo(-100_000 * Math.log(2), within(1e-6));
    }

    @Test
    void tails_edges_areExact() {
        assertThat(BinomialTail.logUpper(0, 5, 0.2)).isZero();
        assertThat(BinomialTail.logUpper(3, 5, 0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(BinomialTail.logUpper(5, 5, 1)).isZero();
        assertThat(BinomialTail.logLower(5, 5, 0.2)).isZero();
        assertThat(BinomialTail.logLower(0, 5, 0.2)).isCloseTo(5 * Math.log(0.8), within(1e-12));
    }

    @Test
    void twoSidedHalf_handValues_agree() {
        // 2 (C(15,13) + C(15,14) + 1) / 2^15 = 2 · 121 / 32768
        assertThat(BinomialTail.twoSidedHalf(13, 15)).isCloseTo(242 / 32768.0, within(1e-15));
        assertThat(BinomialTail.twoSidedHalf(2, 15)).isEqualTo(BinomialTail.twoSidedHalf(13, 15));
        assertThat(BinomialTail.twoSidedHalf(4, 8)).isEqualTo(1);
    }

    @Test
    void logUpper_badProbability_namesIt() {
        assertThatThrownBy(() -> BinomialTail.logUpper(1, 2, Double.NaN)).hasMessage("p must be in [0, 1], was NaN");
    }
}
