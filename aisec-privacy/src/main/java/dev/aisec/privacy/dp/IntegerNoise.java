// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/** Symmetric noise on the integers. */
abstract sealed class IntegerNoise permits DiscreteLaplace, DiscreteGaussian, RoundedGaussian {
    /** One value. */
    abstract long sample(BitSource bits);

    /** Values into the first places of out. */
    abstract void fill(long[] out, int count, BitSource bits);

    /**
     * A bound that the magnitude rarely exceeds.
     *
     * @param upperTail in (0, 1]
     * @return m with P(|X| &gt; m) ≤ upperTail
     */
    public abstract long quantile(double upperTail);

    /** Refuses a tail probability outside (0, 1]. */
    static void requireTail(double upperTail) {
        if (!(upperTail > 0 && upperTail <= 1)) {
            throw new IllegalArgumentException("upperTail must be in (0, 1], was " + upperTail);
        }
    }

    /** Refuses a scale outside the range. */
    static void requireScale(String name, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(name + " must be in [" + low + ", " + high + "], was " + value);
        }
    }
}
