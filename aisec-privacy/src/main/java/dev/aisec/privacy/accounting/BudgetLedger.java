// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * Hands out tokens for releases as long as the budget lasts. A token counts as spent from the moment it is handed out, whether
 * or not it is used: a crash between the two never gives budget back. Safe for concurrent use.
 */
public interface BudgetLedger {
    /**
     * Reserves budget.
     *
     * @param loss what the release will give away; under the relation of the budget
     * @param purpose what for, for the record; at most 200 characters, no control characters
     * @return a token for exactly this loss
     * @throws BudgetExhaustedException if the budget does not cover it
     */
    SpendToken reserve(PrivacyLoss loss, String purpose);
}
