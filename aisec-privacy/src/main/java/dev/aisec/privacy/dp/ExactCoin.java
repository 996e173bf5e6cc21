// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.function.IntFunction;

/**
 * A coin of fixed real probability, met exactly: as {@link ExactBernoulli}, with the first 64 binary digits of the
 * probability at hand. They decide but for a share of 2⁻⁶⁴ of the flips.
 */
final class ExactCoin {
    private static final int WORD = 64;

    private final IntFunction<Enclosure> probability;
    /** The first binary digits, unsigned. */
    private final long digits;

    private ExactCoin(IntFunction<Enclosure> probability) {
        this.probability = probability;
        this.digits = digits(probability);
    }

    /**
     * Heads with probability 1 / (1 + others·e^(−x)): what a randomizer says the truth with.
     *
     * @param x the exponent, taken exactly; positive, so that the probability is irrational (Lindemann) and every tie ends
     * @param others at least 1
     */
    static ExactCoin truth(BigDecimal x, long others) {
        return new ExactCoin(digits -> truth(x, others, digits));
    }

    /** Heads with a rational probability of finitely many digits; in (0, 1). */
    static ExactCoin of(BigDecimal p) {
        if (p.signum() <= 0 || p.compareTo(BigDecimal.ONE) >= 0) {
            throw new IllegalArgumentException("p must be in (0, 1), was " + p);
        }
        return new ExactCoin(digits -> {
            BigDecimal scaled = p.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(digits)));
            return new Enclosure(
                    scaled.setScale(0, RoundingMode.FLOOR).toBigIntegerExact(),
                    scaled.setScale(0, RoundingMode.CEILING).toBigIntegerExact());
        });
    }

    /** Flips. */
    boolean flip(BitSource bits) {
        long word = bits.nextLong();
        if (word == digits) {
            return ExactBernoulli.below(ExactBernoulli.unsigned(word), WORD, probability, bits);
        }
        return Long.compareUnsigned(word, digits) < 0;
    }

    /** The first 64 binary digits of the probability. */
    long digits() {
        return digits;
    }

    private static long digits(IntFunction<Enclosure> p) {
        for (int extra = WORD; ; extra *= 2) {
            Enclosure ends = p.apply(WORD + extra);
            BigInteger low = ends.low().shiftRight(extra);
            if (low.equals(ends.high().shiftRight(extra))) {
                return low.longValue();
            }
        }
    }

    /** Bounds of 2^digits / (1 + others·e^(−x)). */
    static Enclosure truth(BigDecimal x, long others, int digits) {
        int work = digits + WORD;
        BigInteger denominator = BigInteger.TEN.pow(Math.max(0, x.scale()));
        BigInteger numerator = x.multiply(new BigDecimal(denominator)).toBigIntegerExact();
        Enclosure e = FixedExp.enclose(numerator, denominator, work);
        Enclosure one = Enclosure.exactly(BigInteger.ONE.shiftLeft(work));
        BigInteger m = BigInteger.valueOf(others);
        Enclosure sum = one.plus(new Enclosure(e.low().multiply(m), e.high().multiply(m)));
        return one.over(sum, work).shiftRight(WORD);
    }
}
