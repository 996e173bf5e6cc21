// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * A family of hash functions of integers in which any two inputs hash uniformly and independently: v ↦ ⌊((a·v + b) mod P)·m /
 * 2⁶¹⌋, P = 2⁶¹ − 1, a and b uniform below P. Probabilities of a pair of cells are 1/m² up to m·2⁻⁶⁰ relative, proved and not
 * hoped for.
 *
 * <p>Source: Carter, Wegman, Universal classes of hash functions, Journal of Computer and System Sciences 18, 1979.
 */
final class PairwiseHash {
    /** A Mersenne prime. */
    static final long PRIME = (1L << 61) - 1;

    private PairwiseHash() {}

    /** a·v + b modulo the prime; v ≥ 0. */
    static long point(long a, long b, int v) {
        long high = Math.multiplyHigh(a, (long) v);
        long low = a * v;
        long sum = (low & PRIME) + (low >>> 61 | high << 3) + b;
        sum = (sum & PRIME) + (sum >>> 61);
        return sum >= PRIME ? sum - PRIME : sum;
    }

    /** The point of v + 1, from that of v. */
    static long next(long a, long point) {
        long sum = point + a;
        return sum >= PRIME ? sum - PRIME : sum;
    }

    /** The cell of a point, of m < 2³¹. */
    static int cell(long point, int m) {
        return (int) Math.multiplyHigh(point << 2, (long) m << 1);
    }
}
