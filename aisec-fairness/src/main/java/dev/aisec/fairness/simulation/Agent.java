// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.random.RandomGenerator;

/**
 * Whoever decides in one run. For one thread.
 *
 * @param <S> the state
 * @param <A> the action
 */
@FunctionalInterface
public interface Agent<S, A> {
    /**
     * Decides.
     *
     * @param state the state
     * @param random the randomness of the agent; not that of the environment
     * @return the action
     */
    A act(S state, RandomGenerator random);

    /**
     * Learns from what followed. Does nothing unless overridden.
     *
     * @param state the state before
     * @param action the action taken
     * @param reward its reward
     * @param next the state after
     */
    default void learn(S state, A action, double reward, S next) {}
}
