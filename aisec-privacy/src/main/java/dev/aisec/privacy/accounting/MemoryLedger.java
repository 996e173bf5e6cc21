// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * A ledger without a file. A restart forgets everything that was spent, and another process knows nothing of it: for tests,
 * for experiments on public data, and where the process lives exactly as long as the data. Otherwise use {@link FileLedger},
 * which decides by the same rule.
 */
public final class MemoryLedger implements BudgetLedger {
    private final Filter filter;
    private long reservations;

    private MemoryLedger(Budget budget) {
        filter = new Filter(budget);
    }

    /**
     * A ledger with nothing spent.
     *
     * @param budget what may be spent in all
     * @return the ledger
     */
    public static MemoryLedger of(Budget budget) {
        return new MemoryLedger(budget);
    }

    @Override
    public SpendToken reserve(PrivacyLoss loss, String purpose) {
        Filter.requirePurpose(purpose);
        Cost cost = filter.cost(loss);
        synchronized (filter) {
            if (!filter.trySpend(cost)) {
                throw filter.exhausted(cost);
            }
            return new SpendToken(loss, "memory-" + ++reservations, () -> {});
        }
    }

    /**
     * Returns the budget.
     *
     * @return what may be spent in all
     */
    public Budget budget() {
        return filter.budget();
    }

    /**
     * Returns what was spent so far.
     *
     * @return the sum, rounded up
     */
    public BudgetAmount spent() {
        synchronized (filter) {
            return filter.spent().roundedUp();
        }
    }

    /**
     * Returns what is left.
     *
     * @return the rest, rounded down
     */
    public BudgetAmount remaining() {
        synchronized (filter) {
            return filter.remaining().roundedDown();
        }
    }
}
