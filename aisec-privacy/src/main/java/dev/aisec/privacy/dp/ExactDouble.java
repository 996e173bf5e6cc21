// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * mantissa · 2^exponent: what a double is exactly, and what sums and products of doubles are.
 *
 * @param mantissa any integer
 * @param exponent power of two
 */
record ExactDouble(BigInteger mantissa, int exponent) {
    static ExactDouble of(double value) {
        long bits = Double.doubleToRawLongBits(value);
        int biased = (int) (bits >>> 52) & 0x7FF;
        long fraction = bits & 0xFFFFFFFFFFFFFL;
        long magnitude = biased == 0 ? fraction : fraction | 1L << 52;
        int zeros = magnitude == 0 ? 0 : Long.numberOfTrailingZeros(magnitude);
        magnitude >>= zeros;
        return new ExactDouble(
                BigInteger.valueOf(bits < 0 ? -magnitude : magnitude), Math.max(biased, 1) - 1075 + zeros);
    }

    ExactDouble minus(ExactDouble other) {
        int least = Math.min(exponent, other.exponent);
        return new ExactDouble(
                mantissa.shiftLeft(exponent - least).subtract(other.mantissa.shiftLeft(other.exponent - least)), least);
    }

    ExactDouble times(ExactDouble other) {
        return new ExactDouble(mantissa.multiply(other.mantissa), exponent + other.exponent);
    }

    /** This divided by a positive one, not reduced. */
    Ratio over(ExactDouble divisor) {
        int shift = exponent - divisor.exponent;
        return new Ratio(mantissa.shiftLeft(Math.max(shift, 0)), divisor.mantissa.shiftLeft(Math.max(-shift, 0)));
    }

    /**
     * A fraction.
     *
     * @param numerator any integer
     * @param denominator positive
     */
    record Ratio(BigInteger numerator, BigInteger denominator) {
        private static final ExactDouble ONE = new ExactDouble(BigInteger.ONE, 0);

        /** What a double is, in lowest terms. */
        static Ratio of(double value) {
            return ExactDouble.of(value).over(ONE);
        }
    }
}
