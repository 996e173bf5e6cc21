// SPDX-License-Identifier: Apache-2.0
/**
 * Robustness evaluation (clause 7.3.2-5): {@link dev.aisec.robustness.evaluation.CleanAccuracy} as the baseline,
 * {@link dev.aisec.robustness.evaluation.RobustAccuracy} over the radius of one attack,
 * {@link dev.aisec.robustness.evaluation.RobustEvaluation} as the worst case over many. Natural robustness stands in
 * {@code dev.aisec.robustness.corruption}, certified robustness in {@code dev.aisec.robustness.smoothing}.
 *
 * <p>Whether such numbers can be believed: {@link dev.aisec.robustness.evaluation.EvaluationChecklist} asks it of model and
 * attack together, {@link dev.aisec.robustness.evaluation.AttackSelfTest} of the attack alone. A detector is attacked
 * together with its classifier through {@link dev.aisec.robustness.evaluation.DetectorEvasion}.
 */
@NullMarked
package dev.aisec.robustness.evaluation;

import org.jspecify.annotations.NullMarked;
