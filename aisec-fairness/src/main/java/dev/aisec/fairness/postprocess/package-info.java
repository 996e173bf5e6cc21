// SPDX-License-Identifier: Apache-2.0
/**
 * Repair after training: decision rules on scores that satisfy a fairness constraint at the least cost, with a certificate (ITU-T
 * XSTR-SEC-AI, clause 7.3.2-2).
 */
@NullMarked
package dev.aisec.fairness.postprocess;

import org.jspecify.annotations.NullMarked;
