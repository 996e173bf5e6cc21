// SPDX-License-Identifier: Apache-2.0
/**
 * Repair before training: weights, resampling and changed features that take a group's mark out of the data (ITU-T XSTR-SEC-AI,
 * clause 7.3.3-4).
 */
@NullMarked
package dev.aisec.fairness.preprocess;

import org.jspecify.annotations.NullMarked;
