// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/**
 * A two-sided confidence interval.
 *
 * @param lower lower end, in the unit of the estimate; not NaN, at most {@code upper}
 * @param upper upper end, in the unit of the estimate; not NaN
 * @param confidence coverage probability in (0, 1), for example 0.95
 */
public record Interval(double lower, double upper, double confidence) {
    /** Checks the components. */
    public Interval {
        if (!(lower <= upper)) {
            throw new IllegalArgumentException("lower must be <= upper, was " + lower + " and " + upper);
        }
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + confidence);
        }
    }

    /**
     * Tells whether a value lies inside, ends included.
     *
     * @param value the value
     * @return whether {@code lower <= value <= upper}
     */
    public boolean contains(double value) {
        return lower <= value && value <= upper;
    }
}
