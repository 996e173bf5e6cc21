// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The right to one release, handed out by a {@link BudgetLedger}, for which it has been paid. It serves once.
 *
 * <p>A mechanism calls {@link #use} before it draws. Calling it elsewhere wastes the token and harms nobody.
 */
public final class SpendToken {
    private final PrivacyLoss loss;
    private final String id;
    private final Runnable used;
    private final AtomicBoolean spent = new AtomicBoolean();

    /**
     * Made by ledgers only.
     *
     * @param used told once, when the token is used
     */
    SpendToken(PrivacyLoss loss, String id, Runnable used) {
        this.loss = loss;
        this.id = id;
        this.used = used;
    }

    /**
     * Returns the loss that was paid for.
     *
     * @return the loss
     */
    public PrivacyLoss loss() {
        return loss;
    }

    /**
     * Returns what names the reservation in its ledger.
     *
     * @return the name
     */
    public String id() {
        return id;
    }

    /**
     * Uses the token up.
     *
     * @param actual what the release is going to give away
     * @throws IllegalStateException if the token was used before
     * @throws IllegalArgumentException if it was paid for another loss; the token stays usable
     */
    public void use(PrivacyLoss actual) {
        if (!loss.equals(actual)) {
            throw new IllegalArgumentException("token must be for " + actual + ", was for " + loss);
        }
        if (!spent.compareAndSet(false, true)) {
            throw new IllegalStateException("token must be unused, but " + id + " was used before");
        }
        used.run();
    }
}
