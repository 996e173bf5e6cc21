// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A learnt policy that no longer learns: for each number of a {@link StateIndex} the probabilities of the actions. Immutable.
 *
 * @param <S> the state
 * @param <A> the action
 */
public final class TabularPolicy<S, A> implements SimulationPolicy<S, A>, Agent<S, A> {
    private final List<A> actions;
    private final StateIndex<S> index;
    private final double[][] probabilities;

    TabularPolicy(List<A> actions, StateIndex<S> index, double[][] probabilities) {
        this.actions = actions;
        this.index = index;
        this.probabilities = probabilities;
    }

    /**
     * How likely an action is taken.
     *
     * @param number number of the state by the index
     * @param action number of the action
     * @return in [0, 1]
     */
    public double probability(int number, int action) {
        return probabilities[number][action];
    }

    @Override
    public Agent<S, A> agent() {
        return this;
    }

    @Override
    public A act(S state, RandomGenerator random) {
        double[] row = probabilities[index.of(state)];
        return actions.get(ClusterPopulation.pick(row, 0, row.length, random.nextDouble()));
    }

    @Override
    public String toString() {
        return "TabularPolicy[actions=" + actions + ", index=" + index + ", probabilities="
                + Arrays.deepToString(probabilities) + "]";
    }
}
