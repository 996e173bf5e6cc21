// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;
import java.util.function.IntFunction;

/**
 * Coins whose probability is met exactly: p = num / den and p = e^-(num / den).
 *
 * <p>A uniform real number U is drawn 64 binary digits at a time and compared with p; the answer is U &lt; p. Almost always the
 * first word decides. Where it does not, more digits of both are taken, without end. How long that takes depends on the
 * parameters; given them, on the answer only in one draw of 2⁵⁴.
 */
final class ExactBernoulli {
    private static final int WORD = 64;
    /** Digits of p beyond those of U, so that only U's next digits are in doubt, seldom p's. */
    private static final int SPARE = 32;
    /** What the fast exponential and its rounded argument may be off, and the digits of the word that were cut. */
    private static final long DOUBT = FixedExp.ERROR + 8;

    private ExactBernoulli() {}

    /**
     * True with probability num / den.
     *
     * @param num in [0, den]
     * @param den ≥ 1
     */
    static boolean rational(BigInteger num, BigInteger den, BitSource bits) {
        BigInteger rest = num;
        if (num.signum() < 0 || num.compareTo(den) > 0) {
            throw new IllegalArgumentException("num must be in [0, den], was " + num + " of " + den);
        }
        if (num.equals(den)) {
            return true;
        }
        while (true) {
            BigInteger[] digit = rest.shiftLeft(WORD).divideAndRemainder(den);
            int order = Long.compareUnsigned(bits.nextLong(), digit[0].longValue());
            if (order != 0) {
                return order < 0;
            }
            rest = digit[1];
            if (rest.signum() == 0) {
                return false;
            }
        }
    }

    /**
     * True with probability e^-(num / den).
     *
     * @param num ≥ 0
     * @param den ≥ 1
     */
    static boolean exp(BigInteger num, BigInteger den, BitSource bits) {
        if (num.signum() < 0 || den.signum() <= 0) {
            throw new IllegalArgumentException("num / den must be >= 0 with den > 0, was " + num + " / " + den);
        }
        long word = bits.nextLong();
        // Compared by length first: the quotient must fit into a long.
        if (num.bitLength() - den.bitLength() <= 1) {
            BigInteger x = num.shiftLeft(FixedExp.ARGUMENT_BITS).divide(den);
            if (x.bitLength() <= FixedExp.ARGUMENT_BITS + 2) {
                long difference = (word >>> WORD - FixedExp.RESULT_BITS) - FixedExp.fast(x.longValueExact());
                if (Math.abs(difference) > DOUBT) {
                    return difference < 0;
                }
            }
        }
        return below(unsigned(word), WORD, precision -> FixedExp.enclose(num, den, precision), bits);
    }

    /**
     * True with probability p: compares U with p.
     *
     * @param first the digits of U that are drawn
     * @param count how many they are
     * @param p encloses the probability to a given number of binary digits
     */
    static boolean below(BigInteger first, int count, IntFunction<Enclosure> p, BitSource bits) {
        BigInteger u = first;
        for (int digits = count; ; digits += WORD) {
            Enclosure bounds = p.apply(digits + SPARE).shiftRight(SPARE);
            if (u.compareTo(bounds.low()) < 0) {
                return true;
            }
            if (u.compareTo(bounds.high()) >= 0) {
                return false;
            }
            u = u.shiftLeft(WORD).or(unsigned(bits.nextLong()));
        }
    }

    static BigInteger unsigned(long word) {
        BigInteger half = BigInteger.valueOf(word >>> 1).shiftLeft(1);
        return (word & 1) == 0 ? half : half.setBit(0);
    }
}
