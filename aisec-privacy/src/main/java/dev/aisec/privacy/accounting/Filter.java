// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The sum of what was spent against a budget, in constant time for each spend. Not thread-safe but for {@link #cost}. */
final class Filter {
    private static final int MAX_CACHED = 1024;
    static final int MAX_PURPOSE = 200;

    private final Budget budget;
    private final Cost total;
    // Costs that need an accountant take milliseconds, and the same losses come again and again.
    private final ConcurrentMap<PrivacyLoss, Cost> costs = new ConcurrentHashMap<>();
    private Cost spent = Cost.NONE;

    Filter(Budget budget) {
        this.budget = budget;
        total = Cost.total(budget);
    }

    Budget budget() {
        return budget;
    }

    Cost spent() {
        return spent;
    }

    Cost remaining() {
        return total.minus(spent);
    }

    Cost cost(PrivacyLoss loss) {
        Cost known = costs.get(loss);
        if (known != null) {
            return known;
        }
        Cost cost = Cost.of(loss, budget);
        if (costs.size() >= MAX_CACHED) {
            costs.clear();
        }
        costs.put(loss, cost);
        return cost;
    }

    /** Spends if it fits. */
    boolean trySpend(Cost cost) {
        Cost after = spent.plus(cost);
        if (!after.fitsIn(total)) {
            return false;
        }
        spent = after;
        return true;
    }

    /** Counts what was spent before. */
    void add(Cost cost) {
        spent = spent.plus(cost);
    }

    BudgetExhaustedException exhausted(Cost cost) {
        return new BudgetExhaustedException("cost must be within what is left, was " + text(cost.roundedUp()) + " of "
                + text(remaining().roundedDown()) + " left of " + budget);
    }

    private String text(BudgetAmount amount) {
        String name = budget instanceof Budget.ZeroConcentrated ? "rho " : "epsilon ";
        return name + amount.privacy() + (budget instanceof Budget.Pure ? "" : " and delta " + amount.delta());
    }

    static void requirePurpose(String purpose) {
        if (purpose.length() > MAX_PURPOSE) {
            throw new IllegalArgumentException(
                    "purpose must be at most " + MAX_PURPOSE + " characters, was " + purpose.length());
        }
        for (int i = 0; i < purpose.length(); i++) {
            if (Character.isISOControl(purpose.charAt(i))) {
                throw new IllegalArgumentException(
                        "purpose must have no control characters, had " + (int) purpose.charAt(i) + " at index " + i);
            }
        }
    }
}
