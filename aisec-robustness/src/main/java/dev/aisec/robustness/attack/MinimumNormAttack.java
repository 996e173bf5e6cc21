// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
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

    /**
     * The same attack for a caller to whom every example within a distance is as good as the nearest: it may leave a row alone
     * once it has found one there. An attack that cannot tell while it runs looks for the nearest all the same.
     *
     * @param model the model
     * @param inputs clean examples inside the model's bounds
     * @param goal what to achieve, for as many rows
     * @param enough the distance, in the norm of the attack; 0 asks for the nearest
     * @return samples and what happened to each row
     * @throws IllegalArgumentException if inputs or goal do not fit the model
     */
    default AttackResult perturb(M model, Batch inputs, Goal goal, double enough) {
        return perturb(model, inputs, goal);
    }
}
