// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * The right to one release, handed out by a {@link BudgetLedger}, for which it has been paid, or is when it is used. It serves once.
 *
 * <p>A mechanism calls {@link #use} before it draws. Calling it elsewhere wastes the token and harms nobody.
 */
public final class SpendToken {
    private final PrivacyLoss loss;
    /** Reserves and uses up, and tells the name of the reservation. */
    private final Supplier<String> used;

    private final AtomicBoolean spent = new AtomicBoolean();
    private volatile String id;

    /**
     * Made by ledgers only.
     *
     * @param used told once, when the token is used
     */
    SpendToken(PrivacyLoss loss, String id, Runnable used) {
        this.loss = loss;
        this.id = id;
        this.used = () -> {
            used.run();
            return id;
        };
    }

    private SpendToken(PrivacyLoss loss, Supplier<String> used) {
        this.loss = loss;
        this.id = "not reserved yet";
        this.used = used;
    }

    /**
     * A token that is paid for when it is used, so that a mechanism that refuses its input costs nothing.
     *
     * @param ledger the ledger that pays
     * @param loss what the release will give away
     * @param purpose what for, for the record
     * @return the token; {@link #use} throws {@link BudgetExhaustedException} if the budget does not cover it
     */
    public static SpendToken paidWhenUsed(BudgetLedger ledger, PrivacyLoss loss, String purpose) {
        return new SpendToken(loss, () -> {
            SpendToken paid = ledger.reserve(loss, purpose);
            paid.use(loss);
            return paid.id();
        });
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
     * Returns what names the reservation in its ledger, once there is one.
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
        id = used.get();
    }
}
