// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** Input that does not follow its format. */
public final class MalformedInputException extends SecurityControlException {
    private static final long serialVersionUID = 1L;

    private final long offset;

    /**
     * Creates the exception.
     *
     * @param offset byte offset at which the input left its format
     * @param reason what, rule, value
     */
    public MalformedInputException(long offset, String reason) {
        super(reason + " (at byte " + offset + ")");
        this.offset = offset;
    }

    /**
     * Returns where the input left its format.
     *
     * @return byte offset
     */
    public long offset() {
        return offset;
    }
}
