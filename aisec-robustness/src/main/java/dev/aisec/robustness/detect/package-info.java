// SPDX-License-Identifier: Apache-2.0
/**
 * Detection of adversarial examples at inference time (clause 7.3.1-3; Table 1: adversarial examples attack).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.detect.FeatureSqueezing} needs nothing but a classifier of images.
 * {@link dev.aisec.robustness.detect.DetectionEvaluation} tells how good a detector is, with its ROC and a threshold.
 */
@NullMarked
package dev.aisec.robustness.detect;

import org.jspecify.annotations.NullMarked;
