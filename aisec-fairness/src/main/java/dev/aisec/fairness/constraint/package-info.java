// SPDX-License-Identifier: Apache-2.0
/**
 * Repair in training: learners that minimise the error under a fairness constraint, with a certificate of how near the optimum they
 * are (ITU-T XSTR-SEC-AI, clause 7.3.2-2).
 */
@NullMarked
package dev.aisec.fairness.constraint;

import org.jspecify.annotations.NullMarked;
