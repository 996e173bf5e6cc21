// SPDX-License-Identifier: Apache-2.0
/**
 * Certified robustness by randomized smoothing (clauses 7.3.2-1, model randomization, and 7.3.2-5): a guarantee that no
 * perturbation inside a radius changes the answer, against any attack, known or not (Table 1: adversarial examples
 * attack).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.smoothing.SmoothedClassifier} to certify or predict,
 * {@link dev.aisec.robustness.smoothing.CertifiedAccuracy} for a curve over a test set.
 */
@NullMarked
package dev.aisec.robustness.smoothing;

import org.jspecify.annotations.NullMarked;
