// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * When two data sets count as neighbours, that is, what a release must hide. Sensitivities follow from it, so every
 * {@link PrivacyLoss} owns one, and losses under different relations are never added up.
 *
 * <p>"Record" is the unit of privacy: everything that one user contributes, where contributions are bounded by user.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, definition 2.4; for ZERO_OUT: Ponomareva
 * et al., How to DP-fy ML, JAIR 77, 2023, section 2.1.
 */
public enum Neighbouring {
    /** One data set has a record more than the other: hides whether somebody takes part. The number of records is private. */
    ADD_REMOVE,
    /** One record is another one: hides what somebody's record says. The number of records is public. */
    REPLACE_ONE,
    /**
     * One record is replaced by a fixed one that contributes zero: hides as ADD_REMOVE does, with the number of records public.
     */
    ZERO_OUT;

    /**
     * How much the sum of values in [lower, upper] changes at most between neighbours.
     *
     * @param lower least value of a record; finite
     * @param upper largest value of a record; finite, at least {@code lower}
     * @return max(|lower|, |upper|), or upper − lower under REPLACE_ONE, rounded up
     */
    public double sumSensitivity(double lower, double upper) {
        if (!(Double.isFinite(lower) && Double.isFinite(upper) && lower <= upper)) {
            throw new IllegalArgumentException(
                    "lower must be <= upper and both finite, were " + lower + " and " + upper);
        }
        if (this == REPLACE_ONE) {
            double width = upper - lower;
            // Knuth's two-sum tells on which side the rounded difference lies.
            double back = width - upper;
            double error = (upper - (width - back)) + (-lower - back);
            return error > 0 ? Math.nextUp(width) : width;
        }
        return Math.max(Math.abs(lower), Math.abs(upper));
    }

    /**
     * How much the sum of vectors of norm at most C changes at most between neighbours, in units of C.
     *
     * @return 2 under REPLACE_ONE, else 1
     */
    public int clippedSumFactor() {
        return this == REPLACE_ONE ? 2 : 1;
    }
}
