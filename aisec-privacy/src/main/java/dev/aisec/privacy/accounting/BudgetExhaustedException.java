// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.core.SecurityControlException;

/** The budget does not cover what was asked; nothing was spent and nothing released. */
public final class BudgetExhaustedException extends SecurityControlException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was asked and what is left
     */
    public BudgetExhaustedException(String message) {
        super(message);
    }
}
