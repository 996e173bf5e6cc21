// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * A coin whose probability is a real number, met exactly: a uniform real number, drawn digit by digit, is compared with the
 * probability. 64 binary digits decide but for a share of 2⁻⁶⁴ of the flips; then more digits of both are taken, until they
 * differ. No digit of the probability is used that has not been proved.
 *
 * <p>Source: Knuth, Yao, The complexity of nonuniform random number generation, 1976, for the comparison of digits.
 */
final class ExactCoin {
    private static final int WORD = 64;
    private static final int GUARD = 64;

    private final Enclosure probability;
    /** The first 64 binary digits, unsigned. */
    private final long digits;

    private ExactCoin(Enclosure probability) {
        this.probability = probability;
        this.digits = digits(probability);
    }

    /** Certain bounds of a real number p in (0, 1). */
    @FunctionalInterface
    private interface Enclosure {
        /** Integers l and h with l ≤ p·2^bits ≤ h, at most few apart. */
        BigInteger[] at(int bits);
    }

    /**
     * Heads with probability 1 / (1 + others·e^(−x)): what a randomizer says the truth with.
     *
     * @param x the exponent, taken exactly; positive, so that the probability is irrational (Lindemann) and every tie ends
     * @param others at least 1
     */
    static ExactCoin truth(BigDecimal x, long others) {
        return new ExactCoin(bits -> truth(x, others, bits));
    }

    /** Heads with a rational probability of finitely many digits; in (0, 1). */
    static ExactCoin of(BigDecimal p) {
        if (p.signum() <= 0 || p.compareTo(BigDecimal.ONE) >= 0) {
            throw new IllegalArgumentException("p must be in (0, 1), was " + p);
        }
        return new ExactCoin(bits -> {
            BigDecimal scaled = p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(bits)));
            return new BigInteger[] {
                scaled.setScale(0, RoundingMode.FLOOR).unscaledValue(),
                scaled.setScale(0, RoundingMode.CEILING).unscaledValue()
            };
        });
    }

    /** Flips. */
    boolean flip(BitSource bits) {
        long word = bits.nextLong();
        if (word == digits) {
            return tie(word, bits);
        }
        return Long.compareUnsigned(word, digits) < 0;
    }

    /** The first 64 binary digits of the probability. */
    long digits() {
        return digits;
    }

    private boolean tie(long word, BitSource source) {
        BigInteger drawn = unsigned(word);
        for (int bits = WORD; ; bits += WORD) {
            BigInteger[] p = probability.at(bits);
            if (drawn.compareTo(p[0]) < 0) {
                return true;
            }
            if (drawn.compareTo(p[1]) >= 0) {
                return false;
            }
            drawn = drawn.shiftLeft(WORD).add(unsigned(source.nextLong()));
        }
    }

    private static long digits(Enclosure p) {
        for (int extra = GUARD; ; extra *= 2) {
            BigInteger[] ends = p.at(WORD + extra);
            BigInteger low = ends[0].shiftRight(extra);
            if (low.equals(ends[1].shiftRight(extra))) {
                return low.longValue();
            }
        }
    }

    /** Bounds of 2^bits / (1 + others·e^(−x)). */
    static BigInteger[] truth(BigDecimal x, long others, int bits) {
        int work = bits + GUARD;
        BigInteger[] e = expOfMinus(x, work);
        BigInteger one = BigInteger.ONE.shiftLeft(work);
        BigInteger m = BigInteger.valueOf(others);
        BigInteger scaled = one.shiftLeft(bits);
        return new BigInteger[] {
            scaled.divide(one.add(m.multiply(e[1]))),
            scaled.divide(one.add(m.multiply(e[0]))).add(BigInteger.ONE)
        };
    }

    /** Bounds of e^(−x)·2^bits, x ≥ 0. */
    static BigInteger[] expOfMinus(BigDecimal x, int bits) {
        int halvings = x.toBigInteger().bitLength() + 4;
        int work = bits + 2 * halvings + GUARD;
        BigInteger one = BigInteger.ONE.shiftLeft(work);
        BigInteger y = x.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(work - halvings)))
                .setScale(0, RoundingMode.FLOOR)
                .unscaledValue();
        // Alternating series at y < 1/8. Each term is at most 2 units too small, the rounding of y costs one unit, and
        // the
        // part cut off at most 2.
        BigInteger sum = one;
        BigInteger term = one;
        int terms = 0;
        while (term.signum() > 0) {
            terms++;
            term = term.multiply(y).shiftRight(work).divide(BigInteger.valueOf(terms));
            sum = (terms & 1) == 1 ? sum.subtract(term) : sum.add(term);
        }
        BigInteger error = BigInteger.valueOf(2L * terms + 4);
        BigInteger low = sum.subtract(error).max(BigInteger.ZERO);
        BigInteger high = sum.add(error).min(one);
        for (int i = 0; i < halvings; i++) {
            low = low.multiply(low).shiftRight(work);
            high = high.multiply(high).shiftRight(work).add(BigInteger.ONE);
        }
        int drop = work - bits;
        return new BigInteger[] {low.shiftRight(drop), high.shiftRight(drop).add(BigInteger.ONE)};
    }

    private static BigInteger unsigned(long word) {
        BigInteger value = BigInteger.valueOf(word);
        return word < 0 ? value.add(BigInteger.ONE.shiftLeft(WORD)) : value;
    }
}
