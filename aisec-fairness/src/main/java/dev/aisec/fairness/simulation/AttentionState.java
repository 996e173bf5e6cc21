// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.OptionalDouble;

/**
 * The rounds of attention so far. Whoever allocates sees what was discovered; rates and incidents are the truth, for measuring and for oracles.
 * Immutable.
 */
public final class AttentionState {
    /** For each group: rate, incidents so far, discovered so far, discovered in the last round. */
    static final int SIZE = 4;

    final double[] values;

    AttentionState(double[] values) {
        this.values = values;
    }

    int groups() {
        return values.length / SIZE;
    }

    /**
     * The expected number of incidents of a group in the next round. Hidden from whoever allocates.
     *
     * @param group number of the group
     * @return at least 0
     */
    public double rate(int group) {
        return values[group * SIZE];
    }

    /**
     * The incidents of a group so far. Hidden from whoever allocates.
     *
     * @param group number of the group
     * @return at least 0
     */
    public long incidents(int group) {
        return (long) values[group * SIZE + 1];
    }

    /**
     * The incidents of a group discovered so far.
     *
     * @param group number of the group
     * @return at least 0
     */
    public long discovered(int group) {
        return (long) values[group * SIZE + 2];
    }

    /**
     * The incidents of a group discovered in the last round.
     *
     * @param group number of the group
     * @return at least 0
     */
    public long lastDiscovered(int group) {
        return (long) values[group * SIZE + 3];
    }

    /**
     * Discovered over incidents.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if there was no incident
     */
    public OptionalDouble discoveryRate(int group) {
        return SimulationMetric.ratio(values[group * SIZE + 2], values[group * SIZE + 1]);
    }
}
