// SPDX-License-Identifier: Apache-2.0
/**
 * Training that makes models robust, as transforms of training batches (clause 7.3.2-1, data enhancement):
 * {@link dev.aisec.robustness.training.GaussianAugmentation} before randomized smoothing with the same noise.
 */
@NullMarked
package dev.aisec.robustness.training;

import org.jspecify.annotations.NullMarked;
