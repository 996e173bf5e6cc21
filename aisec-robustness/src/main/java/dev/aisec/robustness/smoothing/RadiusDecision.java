// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

/**
 * What a sequential test says of one example and one radius. The lower bound and its radius hold with probability at least
 * 1 − α, the upper ones with 1 − β, although sampling stopped when the samples said so.
 *
 * @param outcome the answer
 * @param label the class that most selection samples gave, which the rest is about
 * @param hits estimation samples that gave it
 * @param samples estimation samples drawn until the answer stood
 * @param lower lower bound of the class's probability under noise
 * @param upper upper bound of the class's probability under noise
 * @param radius the smoothed classifier gives this class to every input closer than this; 0 if {@code lower} ≤ 1/2
 * @param upperRadius no radius beyond this can be certified for this class by this noise, with any number of samples; +∞ if
 *     {@code upper} is 1 and the noise has no limit
 */
public record RadiusDecision(
        Outcome outcome,
        int label,
        long hits,
        long samples,
        double lower,
        double upper,
        double radius,
        double upperRadius) {
    /** The answer. */
    public enum Outcome {
        /** The radius asked for is certified. */
        CERTIFIED,
        /** The class's probability is too small for the radius: more samples would not certify it. */
        EXCLUDED,
        /** Neither could be said within the budget, or was to be expected of it. Counts as not certified. */
        UNDECIDED
    }
}
