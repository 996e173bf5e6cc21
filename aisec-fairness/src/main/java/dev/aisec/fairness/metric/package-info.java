// SPDX-License-Identifier: Apache-2.0
/**
 * Fairness of decisions, measured: rates by group and what follows from them, each with an interval or the reason why there is none (ITU-T
 * XSTR-SEC-AI, clause 7.3.2-5; threat: algorithm bias).
 */
@NullMarked
package dev.aisec.fairness.metric;

import org.jspecify.annotations.NullMarked;
