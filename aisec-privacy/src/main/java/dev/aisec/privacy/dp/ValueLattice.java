// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * The multiples of 2^exponent on which a real value is released, fine enough that rounding to it costs at most a millionth of
 * the sensitivity. It follows from the sensitivity alone, so it shows nothing of the data.
 *
 * <p>Unlike a {@link NoiseLattice} it clamps instead of growing into large numbers, and its sensitivity is a whole number.
 *
 * <p>Ties round up, so that rounding is monotone and commutes with steps of the lattice: values that differ by at most Δ differ
 * by at most {@link #steps} steps afterwards, for certain.
 *
 * @param exponent of the step
 * @param steps ⌈Δ / 2^exponent⌉, in [2²⁰, 2²¹]
 */
record ValueLattice(int exponent, long steps) {
    private static final int DIGITS = 20;
    /** Beyond this many steps values are clamped, which neighbours cannot tell apart better than before. */
    static final long LIMIT = 1L << 61;

    static ValueLattice of(double sensitivity) {
        ExactDouble exact = ExactDouble.of(sensitivity);
        int exponent = exact.exponent() + exact.mantissa().bitLength() - 1 - DIGITS;
        return new ValueLattice(exponent, (long) Math.ceil(Math.scalb(sensitivity, -exponent)));
    }

    long round(double value) {
        return Math.max(-LIMIT, Math.min(LIMIT, Math.round(Math.scalb(value, -exponent))));
    }

    double toDouble(long point) {
        return Math.scalb(point, exponent);
    }

    /** Half the width of an interval for the value from a bound on the noise, both roundings included. */
    double halfWidth(double noise) {
        return Math.nextUp(Math.scalb(Math.nextUp(noise + 1), exponent));
    }

    /** A point so far out may stand for values without bound. */
    static boolean clamped(long point) {
        return Math.abs(point) >= LIMIT / 2;
    }
}
