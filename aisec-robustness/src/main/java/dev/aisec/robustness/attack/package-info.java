// SPDX-License-Identifier: Apache-2.0
/**
 * Attacks: what an adversary does to inputs at inference time (Table 1: adversarial examples attack), used to measure
 * robustness (clause 7.3.2-5).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.attack.Pgd} for a model with gradients; with one step it is FGSM. An
 * attack asks for the kind of model that it needs, so a white-box attack on a black-box model does not compile.
 *
 * <p>Few features instead of small changes (L0): {@link dev.aisec.robustness.attack.SparseRs} without gradients,
 * {@link dev.aisec.robustness.attack.Jsma} with them, {@link dev.aisec.robustness.attack.SparseFool} for the fewest. Turned and
 * moved images: {@link dev.aisec.robustness.attack.Spatial}. One perturbation for all inputs:
 * {@link dev.aisec.robustness.attack.UniversalPerturbation}. What any of them must beat:
 * {@link dev.aisec.robustness.attack.RandomNoise} and {@link dev.aisec.robustness.attack.SaltAndPepper}.
 *
 * <p>For the distance to the nearest adversarial example instead of a yes or no: {@link dev.aisec.robustness.attack.Fmn} in any
 * norm and {@link dev.aisec.robustness.attack.Ddn} in L2 for 100 gradients, {@link dev.aisec.robustness.attack.DeepFool} for
 * some 30, {@link dev.aisec.robustness.attack.Fab} for the nearest on models that are hard to follow. {@link
 * dev.aisec.robustness.attack.CarliniWagnerL2}, {@link dev.aisec.robustness.attack.CarliniWagnerLinf} and {@link
 * dev.aisec.robustness.attack.Ead} cost thousands and are for comparison with the literature. {@link
 * dev.aisec.robustness.attack.Within} makes attacks inside a ball of them.
 */
@NullMarked
package dev.aisec.robustness.attack;

import org.jspecify.annotations.NullMarked;
