// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * Turns a privacy loss, composed ones included, into (ε, δ). Every answer is an enclosure: the upper end holds against any
 * adversary, rounding and discretisation included; the lower end is reached by some pair of neighbours that the loss admits.
 *
 * <p>Accountants differ in how near the two ends are and in what they cost; none is unsafe. A value without state.
 */
public interface Accountant {
    /**
     * Returns the name for reports.
     *
     * @return short name such as {@code PLD}
     */
    String name();

    /**
     * The least ε at which the loss is (ε, δ)-differentially private.
     *
     * @param loss what was released
     * @param delta δ in [0, 1)
     * @return an enclosure of ε
     */
    PrivacyInterval epsilon(PrivacyLoss loss, double delta);

    /**
     * The least δ at which the loss is (ε, δ)-differentially private.
     *
     * @param loss what was released
     * @param epsilon ε; at least 0 and finite
     * @return an enclosure of δ
     */
    PrivacyInterval delta(PrivacyLoss loss, double epsilon);
}
