// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.metric.GroupSpace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A measure of a state. Rates are those of all decisions since the start of the run.
 *
 * @param name name in snake case, for example {@code acceptance_rate}
 * @param unit unit of the value; {@code 1} for shares
 * @param labels what tells it from others of the same name, for example the group
 * @param value the value in a state; empty where it is undefined, for example a rate of nobody
 * @param <S> the state
 */
public record SimulationMetric<S>(
        String name, String unit, SortedMap<String, String> labels, Function<S, OptionalDouble> value) {
    /** Copies the labels. */
    public SimulationMetric {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    /**
     * A measure without labels.
     *
     * @param name name in snake case
     * @param unit unit of the value
     * @param value the value in a state
     * @param <S> the state
     * @return the measure
     */
    public static <S> SimulationMetric<S> of(String name, String unit, Function<S, OptionalDouble> value) {
        return new SimulationMetric<>(name, unit, Collections.emptySortedMap(), value);
    }

    /** The measure of one group. */
    @FunctionalInterface
    interface OfGroup<S> {
        OptionalDouble value(S state, int group);
    }

    /** The measure of each group, and the gap: the largest minus the smallest, undefined if that of any group is. */
    static <S> List<SimulationMetric<S>> byGroup(String name, String unit, GroupSpace space, OfGroup<S> measure) {
        List<SimulationMetric<S>> all = new ArrayList<>();
        int groups = space.size();
        for (int g = 0; g < groups; g++) {
            int group = g;
            SortedMap<String, String> labels = new TreeMap<>();
            labels.put("group", space.name(g));
            all.add(new SimulationMetric<>(name, unit, labels, state -> measure.value(state, group)));
        }
        all.add(of(name + "_gap", unit, state -> {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (int g = 0; g < groups; g++) {
                OptionalDouble value = measure.value(state, g);
                if (value.isEmpty()) {
                    return value;
                }
                low = Math.min(low, value.getAsDouble());
                high = Math.max(high, value.getAsDouble());
            }
            return OptionalDouble.of(high - low);
        }));
        return all;
    }

    /** A rate; undefined of nobody. */
    static OptionalDouble ratio(double part, double whole) {
        return whole > 0 ? OptionalDouble.of(part / whole) : OptionalDouble.empty();
    }
}
