// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;

/**
 * Attention allocation: units of attention (inspectors, patrols, moderators) go to groups in which incidents happen unseen. A unit discovers one incident, if
 * there is one. What is not looked at is not discovered, so that a learner sees censored counts.
 *
 * <p>A step is a round. The incidents of a group are Poisson with its rate; discovered is the smaller of units and incidents. With a
 * reaction {@code ρ > 0} attention deters: a group with {@code v > 0} units has the rate {@code max(0, rate - ρ v)} next, one without
 * {@code min(500, rate + ρ)}. A round draws one number for each group, whatever the allocation.
 *
 * <p>Source: H. Elzayn et al., Fair algorithms for learning in allocation problems, FAT* 2019 (precision model of discovery); the reaction is that
 * of A. D'Amour et al., Fairness is not static, FAT* 2020.
 *
 * @param space the groups
 * @param rates for each group the expected number of incidents in a round at the start, in [0, 500]
 * @param units how many units there are in a round; in [0, 10000]
 * @param reaction by how much a unit lowers the rate; &gt;= 0
 */
public record AttentionEnvironment(GroupSpace space, List<Double> rates, int units, double reaction)
        implements SimulationEnvironment<AttentionState, Allocation> {
    /** Above this, e to the minus rate comes near to underflow, and the sampler would fail. */
    static final double MOST_RATE = 500;

    private static final int MOST_UNITS = 10_000;

    /** Copies and checks. */
    public AttentionEnvironment {
        rates = List.copyOf(rates);
        Checks.size("rates", "groups", space.size(), rates.size());
        requireRates(rates.stream().mapToDouble(Double::doubleValue).toArray());
        requireUnits(units);
        Checks.notNegative("reaction", reaction);
    }

    /**
     * Attention to groups whose rates do not react.
     *
     * @param space the groups
     * @param units how many units there are in a round
     * @param rates for each group the expected number of incidents in a round
     * @return the environment
     */
    public static AttentionEnvironment of(GroupSpace space, int units, double... rates) {
        return new AttentionEnvironment(
                space, java.util.Arrays.stream(rates).boxed().toList(), units, 0);
    }

    /**
     * The same with another reaction.
     *
     * @param changed by how much a unit lowers the rate; &gt;= 0
     * @return the environment
     */
    public AttentionEnvironment withReaction(double changed) {
        return new AttentionEnvironment(space, rates, units, changed);
    }

    static void requireRates(double... rates) {
        for (double rate : rates) {
            if (!(rate >= 0 && rate <= MOST_RATE)) {
                throw new IllegalArgumentException("rates must be in [0, " + MOST_RATE + "], was " + rate);
            }
        }
    }

    static void requireUnits(int units) {
        if (units < 0 || units > MOST_UNITS) {
            throw new IllegalArgumentException("units must be in [0, " + MOST_UNITS + "], was " + units);
        }
    }

    @Override
    public AttentionState start(RandomGenerator random) {
        double[] values = new double[rates.size() * AttentionState.SIZE];
        for (int g = 0; g < rates.size(); g++) {
            values[g * AttentionState.SIZE] = rates.get(g);
        }
        return new AttentionState(values);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the allocation is of other groups or of more units than there are
     */
    @Override
    public Step<AttentionState> step(AttentionState state, Allocation action, RandomGenerator random) {
        Checks.size("allocation", "groups", rates.size(), action.groups());
        if (action.total() > units) {
            throw new IllegalArgumentException("allocation must be at most " + units + " units, was " + action);
        }
        double[] values = state.values.clone();
        double reward = 0;
        for (int g = 0; g < rates.size(); g++) {
            int at = g * AttentionState.SIZE;
            int attention = action.units(g);
            int incidents = poisson(values[at], random.nextDouble());
            int found = Math.min(attention, incidents);
            values[at + 1] += incidents;
            values[at + 2] += found;
            values[at + 3] = found;
            reward += found;
            values[at] = attention > 0
                    ? Math.max(0, values[at] - reaction * attention)
                    : Math.min(MOST_RATE, values[at] + reaction);
        }
        return new Step<>(new AttentionState(values), reward);
    }

    /** Inversion: one draw, and more incidents for a higher rate at the same draw. */
    static int poisson(double rate, double u) {
        double point = Math.exp(-rate);
        double rest = u;
        int k = 0;
        while (rest >= point && (k <= rate || point > 0)) {
            rest -= point;
            k++;
            point *= rate / k;
        }
        return k;
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@code discovery_rate} and {@code incident_rate}, each by group and as gap, and {@code discoveries}, the sum of the rewards.
     */
    @Override
    public List<SimulationMetric<AttentionState>> metrics() {
        List<SimulationMetric<AttentionState>> all = new ArrayList<>();
        all.addAll(SimulationMetric.byGroup("discovery_rate", "1", space, AttentionState::discoveryRate));
        all.addAll(
                SimulationMetric.byGroup("incident_rate", "incidents", space, (s, g) -> OptionalDouble.of(s.rate(g))));
        all.add(SimulationMetric.of("discoveries", "incidents", s -> {
            double sum = 0;
            for (int g = 0; g < s.groups(); g++) {
                sum += s.discovered(g);
            }
            return OptionalDouble.of(sum);
        }));
        return List.copyOf(all);
    }
}
