// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Classifier;

/**
 * An attack that looks for the nearest adversarial example: it goes on after it has found one, and returns the nearest of
 * all. {@link Within} makes an attack inside a ball of it.
 *
 * <p>The distance it returns is an upper bound of the distance to the nearest adversarial example.
 *
 * @param <M> what it needs of the model
 */
public interface MinimumNormAttack<M extends Classifier> extends Attack<M> {
    /**
     * Returns the norm in which it looks for the nearest, and in which distances are given.
     *
     * @return the norm
     */
    Norm norm();
}
