// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/** Two integers with a number between them (fixed point: both in units of 2^-precision, which the user keeps). Never negative. */
record Enclosure(BigInteger low, BigInteger high) {
    static Enclosure exactly(BigInteger value) {
        return new Enclosure(value, value);
    }

    Enclosure plus(Enclosure other) {
        return new Enclosure(low.add(other.low), high.add(other.high));
    }

    Enclosure minus(Enclosure other) {
        return new Enclosure(low.subtract(other.high).max(BigInteger.ZERO), high.subtract(other.low));
    }

    Enclosure times(Enclosure other, int precision) {
        return new Enclosure(
                low.multiply(other.low).shiftRight(precision), ceilingShift(high.multiply(other.high), precision));
    }

    Enclosure over(Enclosure other, int precision) {
        return new Enclosure(
                low.shiftLeft(precision).divide(other.high),
                high.shiftLeft(precision)
                        .add(other.low)
                        .subtract(BigInteger.ONE)
                        .divide(other.low));
    }

    Enclosure shiftRight(int digits) {
        return new Enclosure(low.max(BigInteger.ZERO).shiftRight(digits), ceilingShift(high, digits));
    }

    static BigInteger ceilingShift(BigInteger value, int digits) {
        return value.negate().shiftRight(digits).negate();
    }
}
