// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/** The rational number that a positive double is. */
record Dyadic(BigInteger numerator, BigInteger denominator) {
    static Dyadic of(double value) {
        int exponent = Math.max(Math.getExponent(value), Double.MIN_EXPONENT) - 52;
        BigInteger mantissa = BigInteger.valueOf((long) Math.scalb(value, -exponent));
        int zeros = mantissa.getLowestSetBit();
        mantissa = mantissa.shiftRight(zeros);
        exponent += zeros;
        return exponent >= 0
                ? new Dyadic(mantissa.shiftLeft(exponent), BigInteger.ONE)
                : new Dyadic(mantissa, BigInteger.ONE.shiftLeft(-exponent));
    }
}
