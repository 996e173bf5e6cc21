// SPDX-License-Identifier: Apache-2.0
/**
 * What a series of private releases costs, and a budget that cannot be overspent: against training data leakage, member
 * reasoning and reverse data recovery by someone who sees all that was released (ITU-T XSTR-SEC-AI, Table 1; clause 7.3.3-1).
 *
 * <p>{@link dev.aisec.privacy.accounting.PrivacyLoss} says what one release gives away, under a
 * {@link dev.aisec.privacy.accounting.Neighbouring} relation that it owns; an
 * {@link dev.aisec.privacy.accounting.Accountant} says what this is in ε at δ, as an interval that is certain; a
 * {@link dev.aisec.privacy.accounting.BudgetLedger} hands out the tokens without which nothing is released, up to a
 * {@link dev.aisec.privacy.accounting.Budget}: {@link dev.aisec.privacy.accounting.FileLedger} where releases are real.
 */
@NullMarked
package dev.aisec.privacy.accounting;

import org.jspecify.annotations.NullMarked;
