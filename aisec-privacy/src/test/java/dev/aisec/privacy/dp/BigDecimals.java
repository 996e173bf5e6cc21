// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Decimal functions to more than a hundred digits, independent of what is tested. */
final class BigDecimals {
    static final MathContext DIGITS = new MathContext(140);

    private BigDecimals() {}

    static BigDecimal ratio(BigInteger n, BigInteger d) {
        return new BigDecimal(n).divide(new BigDecimal(d), DIGITS);
    }

    /** Taylor's series after division by 2¹⁶. */
    static BigDecimal exp(BigDecimal x) {
        BigDecimal small = x.divide(BigDecimal.valueOf(1 << 16), DIGITS);
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        for (int k = 1; k < 80; k++) {
            term = term.multiply(small, DIGITS).divide(BigDecimal.valueOf(k), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum.pow(1 << 16, DIGITS);
    }
}
