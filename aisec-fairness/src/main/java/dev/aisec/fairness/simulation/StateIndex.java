// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.function.ToIntFunction;

/**
 * Numbers what a tabular learner can tell apart.
 *
 * @param name what it tells apart, for the evidence; not blank
 * @param size how many numbers there are; &gt;= 1
 * @param index the number of a state, in [0, {@code size})
 * @param <S> the state
 */
public record StateIndex<S>(String name, int size, ToIntFunction<S> index) {
    /** Checks the parameters. */
    public StateIndex {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        Checks.atLeast("size", 1, size);
    }

    /**
     * Tells group and cluster of the applicant apart.
     *
     * @param population whose groups and clusters there are
     * @param <S> the state
     * @return the index
     */
    public static <S extends ApplicantState> StateIndex<S> groupAndCluster(ClusterPopulation population) {
        int clusters = population.clusters();
        return new StateIndex<>(
                "group and cluster", population.groups() * clusters, s -> s.group() * clusters + s.cluster());
    }

    /**
     * Tells nothing apart: for a bandit without context.
     *
     * @param <S> the state
     * @return the index
     */
    public static <S> StateIndex<S> single() {
        return new StateIndex<>("none", 1, s -> 0);
    }

    int of(S state) {
        int number = index.applyAsInt(state);
        if (number < 0 || number >= size) {
            throw new IllegalStateException("index must be in [0, " + size + "), was " + number);
        }
        return number;
    }

    @Override
    public String toString() {
        return "StateIndex[" + name + ", size=" + size + "]";
    }
}
