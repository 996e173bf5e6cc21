// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.OptionalDouble;

/** The counts of one group inside an array of numbers. */
final class Tally {
    static final int APPLICANTS = 0;
    static final int ACCEPTED = 1;
    static final int QUALIFIED = 2;
    static final int QUALIFIED_ACCEPTED = 3;
    static final int SIZE = 4;

    private Tally() {}

    static void count(double[] values, int at, boolean accepted, boolean qualified) {
        values[at + APPLICANTS]++;
        if (accepted) {
            values[at + ACCEPTED]++;
        }
        if (qualified) {
            values[at + QUALIFIED]++;
            if (accepted) {
                values[at + QUALIFIED_ACCEPTED]++;
            }
        }
    }

    static OptionalDouble acceptanceRate(double[] values, int at) {
        return SimulationMetric.ratio(values[at + ACCEPTED], values[at + APPLICANTS]);
    }

    static OptionalDouble truePositiveRate(double[] values, int at) {
        return SimulationMetric.ratio(values[at + QUALIFIED_ACCEPTED], values[at + QUALIFIED]);
    }
}
