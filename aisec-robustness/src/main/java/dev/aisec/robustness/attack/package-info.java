// SPDX-License-Identifier: Apache-2.0
/**
 * Attacks: what an adversary does to inputs at inference time (Table 1: adversarial examples attack), used to measure
 * robustness (clause 7.3.2-5).
 *
 * <p>Which to choose: {@link dev.aisec.robustness.attack.Pgd} for a model with gradients; with one step it is FGSM. An
 * attack asks for the kind of model that it needs, so a white-box attack on a black-box model does not compile.
 */
@NullMarked
package dev.aisec.robustness.attack;

import org.jspecify.annotations.NullMarked;
