// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The answer of a verifier. */
public enum Verdict {
    /** Every check passed. */
    ACCEPT,
    /** At least one check failed: do not use the subject. */
    REJECT,
    /** The subject could not be inspected: nothing is known about it. */
    CANNOT_INSPECT
}
