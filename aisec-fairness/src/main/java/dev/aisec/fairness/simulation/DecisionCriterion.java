// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/** What a decision rule aims at. */
public enum DecisionCriterion {
    /** The highest expected utility, with no constraint: whoever gives a profit is accepted. */
    MAXIMUM_UTILITY,
    /** The highest expected utility at equal acceptance rates. */
    DEMOGRAPHIC_PARITY,
    /** The highest expected utility at equal true positive rates: of the qualified of each group, the same share is accepted. */
    EQUAL_OPPORTUNITY
}
