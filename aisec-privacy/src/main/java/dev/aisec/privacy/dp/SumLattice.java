// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * The multiples of 2^exponent that values of [lower, upper] are rounded to: 2³⁰ to 2³¹ to the width. Rounding is monotone, so
 * that rounded values lie between the rounded bounds, and sensitivities in steps are exact integers.
 *
 * <p>Unlike a {@link ValueLattice} it follows from bounds, so that sums and sums of squares fit into integers.
 *
 * @param exponent of the step
 * @param low lower in steps
 * @param high upper in steps
 */
record SumLattice(int exponent, long low, long high) {
    /** Numbers of magnitude below 2⁵¹ are rounded to integers by adding it, and then stand in the low digits. */
    static final double MAGIC = 0x1.8p52;

    static final long MAGIC_BITS = Double.doubleToRawLongBits(MAGIC);
    /** Digits of a square, of a centred value below 2³⁰, that are dropped. */
    static final int SQUARE_SHIFT = 30;

    private static final int DIGITS = 30;

    static SumLattice of(double lower, double upper) {
        double width = upper - lower;
        if (!(Double.isFinite(lower) && Double.isFinite(upper) && width >= 0x1p-900 && width <= 0x1p900)) {
            throw new IllegalArgumentException(
                    "lower and upper must be finite with a width in [2^-900, 2^900], were " + lower + " and " + upper);
        }
        if (Math.max(Math.abs(lower), Math.abs(upper)) > width * 0x1p19) {
            throw new IllegalArgumentException(
                    "lower and upper must be within 2^19 widths of 0, were " + lower + " and " + upper);
        }
        int exponent = Math.getExponent(width) - DIGITS;
        return new SumLattice(exponent, (long) Math.rint(Math.scalb(lower, -exponent)), (long)
                Math.rint(Math.scalb(upper, -exponent)));
    }

    /** Steps of a clamped value. */
    long round(double value) {
        return (long) Math.rint(Math.scalb(value, -exponent));
    }

    /** The centre that means and variances are taken from. */
    long middle() {
        return low + high >> 1;
    }

    static long square(long centred) {
        return centred * centred >> SQUARE_SHIFT;
    }

    /** The largest square of a centred value. */
    long largestSquare() {
        return Math.max(square(low - middle()), square(high - middle()));
    }

    double toDouble(BigInteger steps) {
        return Math.scalb(steps.doubleValue(), exponent);
    }
}
