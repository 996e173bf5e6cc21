// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.random.RandomGenerator;

/**
 * Does always the same: a fixed threshold, a fixed allocation, accepting everybody.
 *
 * @param action the action
 * @param <S> the state
 * @param <A> the action
 */
public record FixedAction<S, A>(A action) implements SimulationPolicy<S, A>, Agent<S, A> {
    @Override
    public Agent<S, A> agent() {
        return this;
    }

    @Override
    public A act(S state, RandomGenerator random) {
        return action;
    }
}
