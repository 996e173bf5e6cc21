// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * A part of a budget, in its currency. Ledgers count in units of 2^-200; here the count is rounded to a double, up for what was
 * spent and down for what is left.
 *
 * @param privacy ε, or ρ of a {@link Budget.ZeroConcentrated}; at least 0
 * @param delta δ; at least 0, always 0 of a {@link Budget.Pure}
 */
public record BudgetAmount(double privacy, double delta) {
    /** Checks the signs. */
    public BudgetAmount {
        if (!(privacy >= 0 && delta >= 0)) {
            throw new IllegalArgumentException("privacy and delta must be >= 0, were " + privacy + " and " + delta);
        }
    }
}
