// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.stream.Collectors;

/** Thrown by {@link Verification#orElseThrow()}; carries the answer. */
public final class VerificationException extends SecurityControlException {
    private static final long serialVersionUID = 1L;

    private final transient Verification verification;

    /**
     * Creates the exception.
     *
     * @param verification the answer, not accepted
     */
    public VerificationException(Verification verification) {
        super(verification.verdict() + " " + verification.subject() + ": "
                + verification.findings().stream()
                        .filter(f -> f.severity() == Severity.ERROR)
                        .map(f -> f.location().isEmpty() ? f.message() : f.location() + ": " + f.message())
                        .collect(Collectors.joining("; ")));
        this.verification = verification;
    }

    /**
     * Returns the answer with its findings.
     *
     * @return the verification
     */
    public Verification verification() {
        return verification;
    }
}
