// SPDX-License-Identifier: Apache-2.0
/**
 * Natural robustness (clause 7.3.2-5): how accuracy falls when images are noisy, blurred, faded, bright or turned, without
 * an adversary. {@link dev.aisec.robustness.corruption.Corruptions#standard} lists the corruptions,
 * {@link dev.aisec.robustness.corruption.CorruptionAccuracy} evaluates them.
 */
@NullMarked
package dev.aisec.robustness.corruption;

import org.jspecify.annotations.NullMarked;
