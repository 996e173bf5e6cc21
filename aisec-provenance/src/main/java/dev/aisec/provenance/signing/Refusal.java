// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.util.OptionalLong;

/** Ends the reading of a bundle; becomes a finding. Never leaves the package. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final SignatureRule rule;
    private final long offset;

    Refusal(SignatureRule rule, String message) {
        this(rule, message, -1);
    }

    Refusal(SignatureRule rule, String message, long offset) {
        super(message, null, false, false);
        this.rule = rule;
        this.offset = offset;
    }

    SignatureRule rule() {
        return rule;
    }

    String text() {
        return String.valueOf(getMessage());
    }

    OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }
}
