// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/** A 128-bit sum. */
final class WideSum {
    private long high;
    private long low;

    void add(long value) {
        addWide(value >> 63, value);
    }

    void add(WideSum other) {
        addWide(other.high, other.low);
    }

    private void addWide(long otherHigh, long otherLow) {
        long sum = low + otherLow;
        high += otherHigh + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
        low = sum;
    }

    static WideSum of(long high, long low) {
        WideSum sum = new WideSum();
        sum.high = high;
        sum.low = low;
        return sum;
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    BigInteger value() {
        return BigInteger.valueOf(high).shiftLeft(64).add(ExactBernoulli.unsigned(low));
    }
}
