// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Exact distributions in a hundred digits, from their definitions. */
final class Pmf {
    private static final MathContext DIGITS = BigDecimals.DIGITS;
    private static final BigDecimal TWO_63 = new BigDecimal(BigInteger.ONE.shiftLeft(63));

    private Pmf() {}

    /** e^-(k²/(2σ²)), unnormalised, for k = 0, …, n. */
    static BigDecimal[] gaussian(double sigma, int n) {
        BigDecimal s = new BigDecimal(sigma);
        BigDecimal[] result = new BigDecimal[n + 1];
        for (int k = 0; k <= n; k++) {
            result[k] = gaussian(s, BigDecimal.valueOf(k));
        }
        return result;
    }

    /** e^-(x²/(2σ²)). */
    static BigDecimal gaussian(BigDecimal sigma, BigDecimal x) {
        return BigDecimals.exp(
                x.multiply(x).negate().divide(sigma.multiply(sigma).multiply(BigDecimal.valueOf(2)), DIGITS));
    }

    /** floor(2⁶³ F(k)) of the weights. */
    static long[] entries(BigDecimal[] weights) {
        BigDecimal total = BigDecimal.ZERO;
        for (BigDecimal w : weights) {
            total = total.add(w, DIGITS);
        }
        long[] result = new long[weights.length - 1];
        BigDecimal sum = BigDecimal.ZERO;
        for (int k = 0; k < result.length; k++) {
            sum = sum.add(weights[k], DIGITS);
            result[k] =
                    sum.multiply(TWO_63).divide(total, DIGITS).toBigInteger().longValueExact();
        }
        return result;
    }

    /** P(X = k) of the discrete Laplace distribution, in doubles. */
    static double laplace(double t, long k) {
        return -Math.expm1(-1 / t) / (1 + Math.exp(-1 / t)) * Math.exp(-Math.abs(k) / t);
    }
}
