// SPDX-License-Identifier: Apache-2.0
/**
 * Differentially private mechanisms and statistics, with noise that is exact: no floating point where values are drawn, and a
 * secure generator behind every bit. Against training data leakage, member reasoning and attribute inference (ITU-T
 * XSTR-SEC-AI, Table 1; clause 7.3.3-1).
 *
 * <p>Every {@link dev.aisec.privacy.dp.Mechanism} tells its privacy loss and asks for a token of a budget ledger before it
 * draws; every {@link dev.aisec.privacy.dp.Release} carries the value, what it cost, and an interval for the truth.
 */
@NullMarked
package dev.aisec.privacy.dp;

import org.jspecify.annotations.NullMarked;
