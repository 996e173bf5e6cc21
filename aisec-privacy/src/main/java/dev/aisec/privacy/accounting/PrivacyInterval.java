// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * An enclosure that is certain, not a confidence interval: the exact ε (or δ) of a loss lies between. The upper end is what may
 * be promised; the lower end tells how far the upper one can be from the truth.
 *
 * @param lower certified lower end; at least 0
 * @param upper certified upper end; at least {@code lower}, infinite if no finite bound exists
 */
public record PrivacyInterval(double lower, double upper) {
    /** Checks the order. */
    public PrivacyInterval {
        if (!(0 <= lower && lower <= upper)) {
            throw new IllegalArgumentException("lower must be >= 0 and <= upper, were " + lower + " and " + upper);
        }
    }
}
