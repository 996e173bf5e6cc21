// SPDX-License-Identifier: Apache-2.0
/**
 * Certified robustness by randomized smoothing (clauses 7.3.2-1, model randomization, and 7.3.2-5): a guarantee that no
 * perturbation inside a radius changes the answer, against any attack, known or not (Table 1: adversarial examples
 * attack).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.smoothing.SequentialSmoothing} to decide whether a given radius is
 * certified, with as few samples as that takes, and {@link dev.aisec.robustness.smoothing.SequentialCertifiedAccuracy} for a
 * test set; {@link dev.aisec.robustness.smoothing.SmoothedClassifier} to predict, or to certify the largest radius with a
 * fixed number of samples, and {@link dev.aisec.robustness.smoothing.CertifiedAccuracy} for a curve over a test set; {@link
 * dev.aisec.robustness.smoothing.SoftSmoothedClassifier} to attack a smoothed model.
 *
 * <p>The noise ({@link dev.aisec.robustness.smoothing.SmoothingNoise}) decides the norm: Gaussian for L2, Laplace or uniform
 * for L1, ablation for L0.
 */
@NullMarked
package dev.aisec.robustness.smoothing;

import org.jspecify.annotations.NullMarked;
