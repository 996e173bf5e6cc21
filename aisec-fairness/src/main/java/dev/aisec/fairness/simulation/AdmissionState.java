// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.OptionalDouble;

/** The admissions so far. Immutable. */
public final class AdmissionState {
    /** For each group the tally, then those who gamed, then the burden of the qualified; at the end the utility. */
    static final int SIZE = Tally.SIZE + 2;

    static final int GAMED = Tally.SIZE;
    static final int BURDEN = Tally.SIZE + 1;

    final double[] values;

    AdmissionState(double[] values) {
        this.values = values;
    }

    /**
     * Admitted over applicants.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if nobody applied
     */
    public OptionalDouble acceptanceRate(int group) {
        return Tally.acceptanceRate(values, group * SIZE);
    }

    /**
     * Of the qualified applicants, the share that was admitted.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if nobody qualified applied
     */
    public OptionalDouble truePositiveRate(int group) {
        return Tally.truePositiveRate(values, group * SIZE);
    }

    /**
     * The share of applicants who paid to raise their score.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if nobody applied
     */
    public OptionalDouble gamingRate(int group) {
        return SimulationMetric.ratio(values[group * SIZE + GAMED], values[group * SIZE + Tally.APPLICANTS]);
    }

    /**
     * The social burden: what admission costs a qualified applicant at least, on average, whether it was paid or not.
     *
     * @param group number of the group
     * @return at least 0, where 1 is the worth of being admitted; empty if nobody qualified applied, or one applied who cannot get there at
     *     any cost
     */
    public OptionalDouble burden(int group) {
        if (Double.isInfinite(values[group * SIZE + BURDEN])) {
            return OptionalDouble.empty();
        }
        return SimulationMetric.ratio(values[group * SIZE + BURDEN], values[group * SIZE + Tally.QUALIFIED]);
    }

    /**
     * The sum of the rewards.
     *
     * @return may be negative
     */
    public double utility() {
        return values[values.length - 1];
    }
}
