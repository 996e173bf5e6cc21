// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Draws 0, 1, …, n - 1 with probabilities proportional to given positive weights: exact, by inversion.
 *
 * <p>The table holds floor(2⁶³ F(k)) of the cumulative probabilities F, computed with certified ends. A uniform real number U
 * falls into the cell that its first 63 binary digits name, unless they equal an entry. Then (at most n draws of 2⁶³) more
 * digits of U and of F are taken until it is decided. The search takes the same steps for every outcome.
 */
final class CumulativeTable {
    private static final int WORD_BITS = 63;
    private static final int FIRST_PRECISION = 128;
    private static final int SPARE = 64;
    private static final int MIN_LEVELS = 3;
    private static final int MAX_LEVELS = 8;

    /** The weights, to any precision. */
    @FunctionalInterface
    interface Weights {
        /** Returns enclosures of all weights in units of 2^-precision; always as many. */
        Enclosure[] at(int precision);
    }

    private final Weights weights;
    private final int boundaries;
    private final int levels;
    /** A power of two of entries; what is beyond the boundaries is never below a word. */
    private final long[] floors;

    CumulativeTable(Weights weights) {
        this.weights = weights;
        int precision = FIRST_PRECISION;
        Enclosure[] cumulative = cumulative(precision);
        boundaries = cumulative.length;
        if (boundaries >= 1 << MAX_LEVELS) {
            throw new IllegalArgumentException("there must be at most 256 weights, were " + (boundaries + 1));
        }
        levels = Math.max(MIN_LEVELS, Integer.SIZE - Integer.numberOfLeadingZeros(boundaries));
        floors = new long[1 << levels];
        Arrays.fill(floors, Long.MAX_VALUE);
        for (int k = 0; k < boundaries; k++) {
            while (!known(cumulative[k], precision)) {
                precision *= 2;
                cumulative = cumulative(precision);
            }
            floors[k] = floor(cumulative[k].low(), precision);
        }
    }

    private static boolean known(Enclosure value, int precision) {
        return floor(value.low(), precision) == floor(value.high(), precision);
    }

    private static long floor(BigInteger value, int precision) {
        // Every F(k) is below 1.
        BigInteger floor = value.shiftRight(precision - WORD_BITS);
        return floor.bitLength() > WORD_BITS ? Long.MAX_VALUE : floor.longValueExact();
    }

    private Enclosure[] cumulative(int precision) {
        Enclosure[] w = weights.at(precision);
        Enclosure[] above = new Enclosure[w.length];
        Enclosure sum = Enclosure.exactly(BigInteger.ZERO);
        for (int k = w.length - 1; k > 0; k--) {
            sum = sum.plus(w[k]);
            above[k - 1] = sum;
        }
        Enclosure below = Enclosure.exactly(BigInteger.ZERO);
        Enclosure[] result = new Enclosure[w.length - 1];
        for (int k = 0; k < result.length; k++) {
            below = below.plus(w[k]);
            // below / (below + above) rises in below and falls in above.
            BigInteger low = below.low().shiftLeft(precision).divide(below.low().add(above[k].high()));
            BigInteger total = below.high().add(above[k].low());
            BigInteger high = below.high()
                    .shiftLeft(precision)
                    .add(total.subtract(BigInteger.ONE))
                    .divide(total);
            result[k] = new Enclosure(low, high);
        }
        return result;
    }

    /**
     * Draws.
     *
     * @param word the first 63 binary digits of U: not negative
     * @param bits further digits, if they are needed
     */
    @SuppressWarnings("fallthrough") // A loop costs a seventh more.
    int draw(long word, BitSource bits) {
        long[] entries = floors;
        int cell = 0;
        // Halving, unrolled: a step of 2^i is taken if the entry at its end is below the word.
        switch (levels) {
            case 8:
                cell = (int) (entries[127] - word >>> 63) << 7;
            // fall through
            case 7:
                cell += (int) (entries[cell + 63] - word >>> 63) << 6;
            // fall through
            case 6:
                cell += (int) (entries[cell + 31] - word >>> 63) << 5;
            // fall through
            case 5:
                cell += (int) (entries[cell + 15] - word >>> 63) << 4;
            // fall through
            case 4:
                cell += (int) (entries[cell + 7] - word >>> 63) << 3;
            // fall through
            default:
                cell += (int) (entries[cell + 3] - word >>> 63) << 2;
                cell += (int) (entries[cell + 1] - word >>> 63) << 1;
                cell += (int) (entries[cell] - word >>> 63);
        }
        return entries[cell] == word ? refine(cell, word, bits) : cell;
    }

    private int refine(int cell, long word, BitSource bits) {
        BigInteger u = BigInteger.valueOf(word);
        int digits = WORD_BITS;
        int k = cell;
        while (k < boundaries) {
            u = u.shiftLeft(Long.SIZE).or(ExactBernoulli.unsigned(bits.nextLong()));
            digits += Long.SIZE;
            Enclosure[] cumulative = cumulative(digits + SPARE);
            while (k < boundaries) {
                Enclosure boundary = cumulative[k].shiftRight(SPARE);
                if (u.compareTo(boundary.low()) < 0) {
                    return k;
                }
                if (u.compareTo(boundary.high()) < 0) {
                    break;
                }
                k++;
            }
        }
        return k;
    }

    int outcomes() {
        return boundaries + 1;
    }

    /** The entry between the outcomes k and k + 1. */
    long entry(int k) {
        return floors[k];
    }
}
