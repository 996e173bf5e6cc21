// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * Something that a technique found.
 *
 * @param severity how much it matters
 * @param code stable identifier {@code family.rule}, for example {@code model-file.unknown-entry}
 * @param message for a reader: what, the rule, the value
 * @param location where: an entry, a layer, a row; empty if there is no finer place than the subject
 * @param offset byte offset inside the location, if there is one
 * @param reference source of the rule: clause, paper or identifier; may be empty
 */
public record Finding(
        Severity severity, String code, String message, String location, OptionalLong offset, String reference) {
    private static final Pattern CODE = Pattern.compile("[a-z0-9-]+\\.[a-z0-9-]+");

    /** Checks the code. */
    public Finding {
        if (!CODE.matcher(code).matches()) {
            throw new IllegalArgumentException("code must be family.rule in [a-z0-9-], was " + code);
        }
    }

    /**
     * A finding without offset and reference.
     *
     * @param severity how much it matters
     * @param code stable identifier {@code family.rule}
     * @param message for a reader
     * @param location where; may be empty
     * @return the finding
     */
    public static Finding of(Severity severity, String code, String message, String location) {
        return new Finding(severity, code, message, location, OptionalLong.empty(), "");
    }
}
