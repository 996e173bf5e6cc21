// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.core.SecurityControlException;

/**
 * A ledger cannot vouch for its budget: its file is damaged, was cut, replaced or deleted, cannot be written, or the caller was
 * interrupted. No token was handed out. The message says whether anything counts as spent.
 */
public final class LedgerUnavailableException extends SecurityControlException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what, rule, value
     */
    public LedgerUnavailableException(String message) {
        super(message);
    }

    /**
     * Creates the exception with a cause.
     *
     * @param message what, rule, value
     * @param cause what happened below
     */
    public LedgerUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
