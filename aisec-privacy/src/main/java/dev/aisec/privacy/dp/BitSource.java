// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/** Independent uniform bits. Tests put enumerated or recorded bits here; everything else {@link SecureBits}. */
@FunctionalInterface
interface BitSource {
    /** Returns 64 bits. */
    long nextLong();

    /** A uniform number in [0, bound), exactly; bound ≥ 1. One word but for a share of bound / 2⁶⁴ of the calls. */
    default long nextLong(long bound) {
        // Lemire's multiply and reject: the high half is uniform unless the low half falls into the short first
        // interval.
        long word = nextLong();
        long low = word * bound;
        if (Long.compareUnsigned(low, bound) < 0) {
            long first = Long.remainderUnsigned(-bound, bound);
            while (Long.compareUnsigned(low, first) < 0) {
                word = nextLong();
                low = word * bound;
            }
        }
        return unsignedHigh(word, bound);
    }

    private static long unsignedHigh(long word, long positive) {
        return Math.multiplyHigh(word, positive) + ((word >> 63) & positive);
    }
}
