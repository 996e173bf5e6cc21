// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;

/**
 * Searches for adversarial examples.
 *
 * <p>Guarantee: every returned sample lies inside the model's bounds, and a row is reported as broken only if the model
 * was asked again about exactly the returned sample. Inputs are not changed. Random draws belong to the row number, so
 * results do not depend on how rows are batched.
 *
 * <p>No attack proves robustness: what it does not find may exist.
 *
 * @param <M> what it needs of the model
 */
@FunctionalInterface
public interface Attack<M extends Classifier> {
    /**
     * Perturbs each row towards the goal.
     *
     * @param model the model
     * @param inputs clean examples inside the model's bounds
     * @param goal what to achieve, for as many rows
     * @return samples and what happened to each row
     * @throws IllegalArgumentException if inputs or goal do not fit the model
     */
    AttackResult perturb(M model, Batch inputs, Goal goal);
}
