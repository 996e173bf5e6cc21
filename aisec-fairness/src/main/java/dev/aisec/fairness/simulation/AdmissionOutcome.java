// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a published threshold does, in expectation. Exact up to rounding of floating point.
 *
 * @param acceptanceRate the share of each group that is admitted, in [0, 1]
 * @param truePositiveRate of each group the share of the qualified that is admitted, in [0, 1]; empty where nobody is qualified
 * @param gamingRate the share of each group that pays to raise the score, in [0, 1]
 * @param burden what admission costs a qualified applicant of each group at least, on average; empty where nobody is qualified, or one
 *     of them cannot get there at any cost
 * @param utility the expected reward from one applicant
 */
public record AdmissionOutcome(
        List<Double> acceptanceRate,
        List<OptionalDouble> truePositiveRate,
        List<Double> gamingRate,
        List<OptionalDouble> burden,
        double utility) {
    /** Copies the lists. */
    public AdmissionOutcome {
        acceptanceRate = List.copyOf(acceptanceRate);
        truePositiveRate = List.copyOf(truePositiveRate);
        gamingRate = List.copyOf(gamingRate);
        burden = List.copyOf(burden);
    }
}
