// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Classifier;

/**
 * An attack that stays inside a ball around each input: what a curve of robust accuracy is made with.
 *
 * @param <M> what it needs of the model
 */
public interface BallAttack<M extends Classifier> extends Attack<M> {
    /**
     * Returns the norm of the ball.
     *
     * @return the norm
     */
    Norm norm();

    /**
     * Returns the radius of the ball.
     *
     * @return in units of the inputs
     */
    double epsilon();

    /**
     * The same attack in another ball; step sizes keep their ratio to the radius.
     *
     * @param epsilon the radius, positive and finite
     * @return the attack
     */
    BallAttack<M> withEpsilon(double epsilon);
}
