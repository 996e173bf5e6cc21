// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a rule does when everybody applies once, in expectation. Exact up to rounding of floating point.
 *
 * @param acceptanceRate the share of each group that is accepted, in [0, 1]
 * @param truePositiveRate of each group the share of the qualified that is accepted, in [0, 1]; empty where nobody is qualified
 * @param scoreChange the change of the mean score of each group, in clusters
 * @param utility the expected profit from one applicant, in units of a loan
 */
public record RuleOutcome(
        List<Double> acceptanceRate, List<OptionalDouble> truePositiveRate, List<Double> scoreChange, double utility) {
    /** Copies the lists. */
    public RuleOutcome {
        acceptanceRate = List.copyOf(acceptanceRate);
        truePositiveRate = List.copyOf(truePositiveRate);
        scoreChange = List.copyOf(scoreChange);
    }
}
