// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.BudgetLedger;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;

/**
 * A differentially private mechanism: an immutable value whose parameters are its components.
 *
 * <p>Guarantee: what {@link Release#value} (and its interval) says about any one record of the input is bounded by
 * {@link #loss}, for whoever does not see the generator's state. The input's size and the time it takes are not hidden unless
 * the mechanism says so.
 *
 * @param <I> what it takes
 * @param <O> what it releases
 */
public interface Mechanism<I, O> {
    /**
     * What one release gives away.
     *
     * @param neighbouring the relation
     * @return the loss
     * @throws IllegalArgumentException if the mechanism's sensitivity is not defined under that relation
     */
    PrivacyLoss loss(Neighbouring neighbouring);

    /**
     * Releases a value. Bad input is refused before the token is used.
     *
     * @param value the private value
     * @param token a token for this mechanism's loss; its relation is the one that holds
     * @return the release
     */
    Release<O> release(I value, SpendToken token);

    /**
     * Releases and pays. Refused input costs nothing: budget is reserved between the checks and the draw.
     *
     * @param value the private value
     * @param ledger the ledger that pays
     * @param neighbouring the relation, that of the ledger's budget
     * @return the release
     */
    default Release<O> release(I value, BudgetLedger ledger, Neighbouring neighbouring) {
        return release(
                value,
                SpendToken.paidWhenUsed(ledger, loss(neighbouring), getClass().getSimpleName()));
    }
}
