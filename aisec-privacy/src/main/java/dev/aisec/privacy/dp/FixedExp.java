// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * e^-x in integers: with certified ends to any precision, and fast to 57 bits with a proven error bound. No floating point.
 */
final class FixedExp {
    /** Binary digits after the point of the fast version's argument. */
    static final int ARGUMENT_BITS = 60;
    /** Binary digits after the point of the fast version's result. */
    static final int RESULT_BITS = 62;
    /** The fast version's argument is below {@code LIMIT << ARGUMENT_BITS}. */
    static final int LIMIT = 4;
    /** How far the fast version may be off, in units of its last digit: 2⁻⁵⁷. */
    static final long ERROR = 1L << RESULT_BITS - 57;

    private static final int STEP_BITS = 8;
    private static final int REST_BITS = ARGUMENT_BITS - STEP_BITS;
    private static final long REST = (1L << REST_BITS) - 1;

    /** floor(2⁶² e^-(i/256)). */
    private static final long[] POWERS = powers();

    // floor(2⁶² / ((k + 1)! 256^k)): (1 - e^-x) / x as a polynomial in 256 x.
    private static final long C0 = 1L << 62;
    private static final long C1 = (1L << 62 - 8) / 2;
    private static final long C2 = (1L << 62 - 16) / 6;
    private static final long C3 = (1L << 62 - 24) / 24;
    private static final long C4 = (1L << 62 - 32) / 120;

    private FixedExp() {}

    /**
     * Returns 2⁶² e^-(x / 2⁶⁰) with an error of at most {@link #ERROR}; the same work for every x.
     *
     * @param x in [0, LIMIT · 2⁶⁰)
     */
    static long fast(long x) {
        // x = i/256 + z/256 with z in [0, 1): e^-x = POWERS[i] (1 - (z/256) Q(z)). The series of Q is cut after z⁴,
        // which
        // costs (1/256)⁶/6! < 2^-57.4; every other rounding is below 2^-61, and there are fewer than six that count.
        long power = POWERS[(int) (x >>> REST_BITS)];
        long z = (x & REST) << 63 - REST_BITS;
        long q = C3 - (Math.multiplyHigh(z, C4) << 1);
        q = C2 - (Math.multiplyHigh(z, q) << 1);
        q = C1 - (Math.multiplyHigh(z, q) << 1);
        q = C0 - (Math.multiplyHigh(z, q) << 1);
        return power - Math.multiplyHigh(power, Math.multiplyHigh(z, q) >> 5);
    }

    /**
     * Encloses e^-(numerator / denominator).
     *
     * @param numerator ≥ 0
     * @param denominator &gt; 0
     * @param precision binary digits after the point, ≥ 1
     * @return what times 2^-precision is at most and at least the value; the ends differ by at most 2 units
     */
    static Enclosure enclose(BigInteger numerator, BigInteger denominator, int precision) {
        if (numerator.signum() == 0) {
            return Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        }
        // e^-precision < 2^-precision
        if (numerator.compareTo(denominator.multiply(BigInteger.valueOf(precision))) >= 0) {
            return new Enclosure(BigInteger.ZERO, BigInteger.ONE);
        }
        // e^-x = (e^-(x / 2^halvings))^(2^halvings), with x / 2^halvings < 1/16.
        int halvings = Math.max(0, numerator.bitLength() - denominator.bitLength() + 5);
        int work = precision + halvings + 16;
        BigInteger[] quotient = numerator.shiftLeft(work).divideAndRemainder(denominator.shiftLeft(halvings));
        BigInteger low = quotient[0];
        BigInteger high = quotient[1].signum() == 0 ? low : low.add(BigInteger.ONE);
        BigInteger one = BigInteger.ONE.shiftLeft(work);
        BigInteger termLow = one;
        BigInteger termHigh = one;
        BigInteger sumLow = one;
        BigInteger sumHigh = one;
        // Alternating with falling terms: what is left out is at most the last term.
        for (int k = 1; termLow.signum() > 0; k++) {
            BigInteger divisor = BigInteger.valueOf(k);
            termLow = termLow.multiply(low).shiftRight(work).divide(divisor);
            termHigh = Enclosure.ceilingShift(termHigh.multiply(high), work)
                    .divide(divisor)
                    .add(BigInteger.ONE);
            if ((k & 1) == 1) {
                sumLow = sumLow.subtract(termHigh);
                sumHigh = sumHigh.subtract(termLow);
            } else {
                sumLow = sumLow.add(termLow);
                sumHigh = sumHigh.add(termHigh);
            }
        }
        Enclosure power = new Enclosure(sumLow.subtract(termHigh), sumHigh.add(termHigh));
        for (int i = 0; i < halvings; i++) {
            power = power.times(power, work);
        }
        return power.shiftRight(work - precision);
    }

    private static long[] powers() {
        int n = LIMIT << STEP_BITS;
        int precision = 128;
        Enclosure ratio = enclose(BigInteger.ONE, BigInteger.valueOf(1 << STEP_BITS), precision);
        Enclosure power = Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        long[] result = new long[n];
        for (int i = 0; i < n; i++) {
            result[i] = power.low().shiftRight(precision - RESULT_BITS).longValueExact();
            power = power.times(ratio, precision);
        }
        return result;
    }
}
