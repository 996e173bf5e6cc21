// SPDX-License-Identifier: Apache-2.0
/**
 * Natural robustness (clause 7.3.2-5): how accuracy falls without an adversary, when images are noisy, out of focus, faded,
 * compressed, foggy, dirty, turned or bent. {@link dev.aisec.robustness.corruption.Corruptions#standard} lists the
 * corruptions. {@link dev.aisec.robustness.corruption.CorruptionAccuracy} evaluates a model by itself, {@link
 * dev.aisec.robustness.corruption.CorruptionError} relative to a baseline.
 */
@NullMarked
package dev.aisec.robustness.corruption;

import org.jspecify.annotations.NullMarked;
