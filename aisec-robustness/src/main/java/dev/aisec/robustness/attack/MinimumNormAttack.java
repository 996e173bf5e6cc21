// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;

/**
 * An attack that looks for the nearest adversarial example instead of any one inside a ball. The distance it finds is an upper
 * bound of the true one. {@link Within} makes a ball attack of it.
 *
 * @param <M> what it needs of the model
 */
public interface MinimumNormAttack<M extends Classifier> extends Attack<M> {
    /**
     * Returns the norm whose least value is looked for.
     *
     * @return the norm
     */
    Norm norm();

    /**
     * Perturbs each row towards the goal, no nearer than is asked for.
     *
     * @param model the model
     * @param inputs clean examples inside the model's bounds
     * @param goal what to achieve, for as many rows
     * @param enough a row with an adversarial example at most this far is done; 0 looks on to the end; at least 0
     * @return samples and what happened to each row
     * @throws IllegalArgumentException if inputs or goal do not fit the model
     */
    AttackResult perturb(M model, Batch inputs, Goal goal, double enough);

    @Override
    default AttackResult perturb(M model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }
}
