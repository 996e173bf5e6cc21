// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The root of what the library throws beside the JDK's own exceptions. */
public class SecurityControlException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what, rule, value
     */
    public SecurityControlException(String message) {
        super(message);
    }

    /**
     * Creates the exception with a cause.
     *
     * @param message what, rule, value
     * @param cause what happened below
     */
    public SecurityControlException(String message, Throwable cause) {
        super(message, cause);
    }
}
