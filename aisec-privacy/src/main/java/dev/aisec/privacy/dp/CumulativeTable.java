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

    /** The weights, to any precision. */
    @FunctionalInterface
    interface Weights {
        /** Returns enclosures of all weights in units of 2^-precision; always as many. */
        Enclosure[] at(int precision);
    }

    private final Weights weights;
    private final int boundaries;
    private final int firstStep;
    /** A power of two of entries; what is beyond the boundaries is never below a word. */
    private final long[] floors;

    CumulativeTable(Weights weights) {
        this.weights = weights;
        int precision = FIRST_PRECISION;
        Enclosure[] cumulative = cumulative(precision);
        boundaries = cumulative.length;
        floors = new long[Math.max(1, Integer.highestOneBit(boundaries) << 1)];
        firstStep = floors.length >> 1;
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
            BigInteger low = below.low()
                    .shiftLeft(precision)
                    .divide(below.low().add(above[k].high()));
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
    int draw(long word, BitSource bits) {
        long[] entries = floors;
        int cell = 0;
        for (int step = firstStep; step > 0; step >>= 1) {
            cell += step & (int) (entries[cell + step - 1] - word >> 63);
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
