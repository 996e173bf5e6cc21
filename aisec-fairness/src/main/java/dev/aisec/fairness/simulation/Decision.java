// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/** The decision on an applicant. */
public enum Decision {
    /** The unfavourable decision. */
    REJECT,
    /** The favourable decision. */
    ACCEPT
}
