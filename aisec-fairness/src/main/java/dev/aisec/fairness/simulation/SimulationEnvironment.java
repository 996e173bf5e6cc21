// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A world in which decisions have consequences. An environment is an immutable value; what changes is the state, and a state is a
 * value too: a step gives a new one. All randomness comes from the generator that is passed in, so that a run can be repeated.
 *
 * <p>An implementation draws the same number of random values in each step, whatever the action. Then two policies that are run on
 * the same seed meet the same people, and their difference has less noise. {@code toString} names every parameter, as that of a
 * record does; it goes into the evidence.
 *
 * @param <S> the state; immutable
 * @param <A> the action
 */
public interface SimulationEnvironment<S, A> {
    /**
     * The first state of a run.
     *
     * @param random the randomness of the run
     * @return the state
     */
    S start(RandomGenerator random);

    /**
     * One decision and what follows from it.
     *
     * @param state the state before; it is not changed
     * @param action the decision
     * @param random the randomness of the run
     * @return the state after, and the reward of whoever decides
     */
    Step<S> step(S state, A action, RandomGenerator random);

    /**
     * What can be measured in a state.
     *
     * @return the measures, always in the same order
     */
    List<SimulationMetric<S>> metrics();

    /**
     * What a step gives.
     *
     * @param state the state after it
     * @param reward the reward of whoever decides; finite
     * @param <S> the state
     */
    record Step<S>(S state, double reward) {}
}
