// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;

/** Why reading a file ends early; internal, becomes a finding. It is an I/O error to nobody: the verifier catches it. */
final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Rule rule;
    private final long offset;

    /** An offset below 0 is none. */
    Refusal(Rule rule, long offset, String message) {
        super(message);
        this.rule = rule;
        this.offset = offset;
    }

    Rule rule() {
        return rule;
    }

    long offset() {
        return offset;
    }

    /** Expected in numbers on hostile files, never printed. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
