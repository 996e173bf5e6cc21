// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.PrivacyLoss;

/**
 * What a person's own device does to a value before it leaves the device: nobody has to be trusted with the value.
 *
 * <p>Guarantee: ε-local differential privacy. For any two values v, w and any report y, P(y | v) ≤ e^ε P(y | w), exactly: every
 * coin is met to the last digit. How many random words are drawn depends neither on the value nor on whether it was kept, but for
 * refinements of probability 2⁻⁶⁴ per coin.
 *
 * <p>Limits: who sends, when, and how often is not hidden. Several reports of one person compose: n reports on the same or on
 * related values cost {@code loss().repeat(n)} of that person's budget, which the device must keep; a report that is
 * repeated unchanged costs nothing more. No token of a ledger is asked for, since each person spends a budget of their own.
 *
 * <p>Source: Kasiviswanathan, Lee, Nissim, Raskhodnikova, Smith, What can we learn privately?, SIAM Journal on Computing 40,
 * 2011, definition 2.4.
 *
 * @param <R> what is sent
 */
public interface LocalRandomizer<R> {
    /**
     * Randomizes a value.
     *
     * @param value the private value; in [0, number of categories)
     * @return the report; everything in it may be shown
     */
    R randomize(int value);

    /**
     * What one report gives away about its value.
     *
     * @return the loss, under REPLACE_ONE: the value is another one
     */
    PrivacyLoss loss();
}
