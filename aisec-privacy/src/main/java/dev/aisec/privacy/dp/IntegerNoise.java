// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/** Symmetric noise on the integers. Immutable; tables are computed once for a scale, which takes up to milliseconds. */
abstract sealed class IntegerNoise permits DiscreteLaplace, DiscreteGaussian, RoundedGaussian {
    /** 2⁶ distributions of a kind are kept. */
    static final int KEPT_BITS = 6;

    private static final int KEPT_QUANTILES_BITS = 3;
    private static final int CHUNK = 1024;

    private final Recent<Long> quantiles = new Recent<>(KEPT_QUANTILES_BITS, this::certifiedQuantile);

    /** One value. */
    abstract long sample(BitSource bits);

    /** Values into the first places of out. */
    abstract void fill(long[] out, int count, BitSource bits);

    /** As {@link #quantile}, of a tail in (0, 1]. */
    abstract long certifiedQuantile(double upperTail);

    /**
     * Draws with the calling thread's secure bits. Accounts for nothing.
     *
     * @return a value
     */
    public final long sample() {
        return sample(SecureBits.current());
    }

    /**
     * Draws many with the calling thread's secure bits. Accounts for nothing.
     *
     * @param out where the values go: all of it
     */
    public final void fill(long[] out) {
        fill(out, out.length, SecureBits.current());
    }

    /** Adds an independent value to each place; sums beyond the range of long are clamped. */
    final void addTo(long[] values, BitSource bits) {
        long[] drawn = new long[Math.min(CHUNK, values.length)];
        for (int from = 0; from < values.length; from += drawn.length) {
            int n = Math.min(drawn.length, values.length - from);
            fill(drawn, n, bits);
            for (int i = 0; i < n; i++) {
                values[from + i] = Arithmetic.plusClamped(values[from + i], drawn[i]);
            }
        }
    }

    /**
     * A bound that the magnitude rarely exceeds, certified.
     *
     * @param upperTail the probability that it does, in (0, 1]
     * @return m with P(|X| &gt; m) ≤ upperTail, the smallest or close to it
     */
    public final long quantile(double upperTail) {
        if (!(upperTail > 0 && upperTail <= 1)) {
            throw new IllegalArgumentException("upperTail must be in (0, 1], was " + upperTail);
        }
        return quantiles.get(upperTail);
    }
}
