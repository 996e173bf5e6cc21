// SPDX-License-Identifier: Apache-2.0
/**
 * Deterministic proofs of robustness for feed-forward networks of dense, convolution, pooling and (leaky) ReLU layers:
 * against evasion attacks within a ball, whatever the attack.
 *
 * <p>{@link dev.aisec.robustness.bounds.Crown} gives the tightest margins, in L1, L2 and L∞.
 * {@link dev.aisec.robustness.bounds.IntervalBounds} takes about as long as four forward passes, and is tight for networks
 * trained with it only. {@link dev.aisec.robustness.bounds.LipschitzBound} knows nothing of the input: one number for the
 * whole network, for L2.
 *
 * <p>What is proved holds for the network that the float weights describe, in real arithmetic: all sums here are in double,
 * and every bound is moved outward by more than they can have been rounded. An engine that computes in float32 rounds
 * itself: its logits differ by about 1e-6 of their size, so a margin of that size is no margin there.
 */
@NullMarked
package dev.aisec.robustness.bounds;

import org.jspecify.annotations.NullMarked;
