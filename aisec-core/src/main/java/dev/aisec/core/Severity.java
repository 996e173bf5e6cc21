// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** How much a finding matters. */
public enum Severity {
    /** Worth knowing; nothing to do. */
    INFO,
    /** A weakness or a doubt about a result; look at it. */
    WARNING,
    /** A security problem, or a result that must not be relied on. */
    ERROR
}
