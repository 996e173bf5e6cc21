// SPDX-License-Identifier: Apache-2.0
/**
 * Training that makes models robust, as transforms and losses of a {@link dev.aisec.core.model.TrainingPlan} (clause
 * 7.3.2-1, data enhancement).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.training.AdversarialTraining} against attacks within a ball; before
 * randomized smoothing with the same noise {@link dev.aisec.robustness.training.GaussianAugmentation} (cheapest), {@link
 * dev.aisec.robustness.training.Consistency} (larger radii for twice the cost), or {@link
 * dev.aisec.robustness.training.SmoothAdv} (larger radii, dearest). A model that is not to be trained again is smoothed
 * behind a denoiser: see {@link dev.aisec.robustness.smoothing.SmoothedClassifier}.
 */
@NullMarked
package dev.aisec.robustness.training;

import org.jspecify.annotations.NullMarked;
