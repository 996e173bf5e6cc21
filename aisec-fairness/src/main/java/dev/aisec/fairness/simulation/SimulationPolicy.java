// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/**
 * A way to decide. A policy is an immutable value; each run gets an agent of its own, so that what is learnt in one run does not
 * leak into another. {@code toString} names every parameter, as that of a record does; it goes into the evidence.
 *
 * @param <S> the state
 * @param <A> the action
 */
@FunctionalInterface
public interface SimulationPolicy<S, A> {
    /**
     * Whoever decides in one run.
     *
     * @return a fresh agent, for one thread; a policy that does not learn may return the same one always
     */
    Agent<S, A> agent();
}
