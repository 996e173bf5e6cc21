// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Optional;

/**
 * What the numbers of a tensor are like. For quantized types the numbers are the scales of the blocks; a complex element
 * is two numbers. Integers beyond 2<sup>53</sup> are rounded.
 *
 * @param count how many numbers there are
 * @param notANumber how many of them are NaN
 * @param positiveInfinite how many are positive infinity
 * @param negativeInfinite how many are negative infinity
 * @param zeros how many are zero
 * @param min the least finite number; NaN if there is none
 * @param max the greatest finite number; NaN if there is none
 * @param mean of the finite numbers; NaN if there is none, not finite if their sum is beyond a double
 * @param standardDeviation of the finite numbers, divided by their count; NaN if there is none, not finite if their squares
 *     are beyond a double. Sums are of doubles around a value among the numbers, in parts of some thousands, merged after
 *     Chan, Golub and LeVeque (1983), so a large mean costs no digits.
 * @param spread median and its deviation, if a policy asks for outliers
 */
public record ParameterStatistics(
        long count,
        long notANumber,
        long positiveInfinite,
        long negativeInfinite,
        long zeros,
        double min,
        double max,
        double mean,
        double standardDeviation,
        Optional<Spread> spread) {
    /**
     * Where most numbers are, whatever a few of them do.
     *
     * @param median the lower median of the finite numbers
     * @param deviation median of the distances to it, times 1.4826: one standard deviation for normal values
     * @param exact whether both are exact. Beyond 65,536 numbers they come from counts of numbers that share their first 12
     *     significant bits, so the median may be off by a relative 2<sup>-12</sup>, and the deviation by that part of the
     *     median and of itself.
     */
    public record Spread(double median, double deviation, boolean exact) {}

    /**
     * How many numbers are finite.
     *
     * @return the count without NaN and infinities
     */
    public long finite() {
        return count - notANumber - positiveInfinite - negativeInfinite;
    }
}
