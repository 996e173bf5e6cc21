// SPDX-License-Identifier: Apache-2.0
/**
 * Exact binomial statistics behind every accuracy, rate and certificate: {@link dev.aisec.core.math.ClopperPearson} for
 * intervals and one-sided bounds that never err on the unsafe side, {@link dev.aisec.core.math.BinomialTail} for tails
 * and p-values.
 */
@NullMarked
package dev.aisec.core.math;

import org.jspecify.annotations.NullMarked;
