// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

/** What is known of the values that go into a step, for one example. */
final class Box {
    /** Lower bounds. */
    final double[] low;
    /** Upper bounds. */
    final double[] high;
    /** Of each output of the step: the sum of the largest absolute values of the terms it is made of. */
    final double[] magnitude;

    Box(int values, int outputs) {
        low = new double[values];
        high = new double[values];
        magnitude = new double[outputs];
    }

    double largest(int i) {
        return Math.max(Math.abs(low[i]), Math.abs(high[i]));
    }

    /** Whether all bounds are finite, and far from where squares and products of them would not be. */
    boolean isUsable() {
        for (int i = 0; i < low.length; i++) {
            if (!(low[i] > -Rounding.LARGEST && high[i] < Rounding.LARGEST)) {
                return false;
            }
        }
        return true;
    }
}
