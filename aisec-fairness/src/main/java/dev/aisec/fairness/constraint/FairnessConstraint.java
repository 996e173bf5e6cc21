// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

/**
 * What must be alike between groups. All are linear in the shares of favourable decisions among the rows of each group and label.
 *
 * <p>The parities bound, for each group, how far its rate is off the rate of all rows concerned: |rate of the group − overall rate| at
 * most the bound. The rates of two groups then differ by at most twice the bound.
 *
 * <p>Source: Agarwal, Beygelzimer, Dudík, Langford and Wallach, "A reductions approach to fair classification", ICML 2018, section 2;
 * the bounded group loss: Agarwal, Dudík and Wu, "Fair regression: quantitative definitions and reduction-based algorithms", ICML 2019.
 */
public enum FairnessConstraint {
    /** Share of favourable decisions. */
    DEMOGRAPHIC_PARITY,
    /** Share of favourable decisions among favourable labels, and among unfavourable labels. */
    EQUALIZED_ODDS,
    /** Share of favourable decisions among favourable labels (equal opportunity). */
    TRUE_POSITIVE_RATE_PARITY,
    /** Share of favourable decisions among unfavourable labels. */
    FALSE_POSITIVE_RATE_PARITY,
    /** Share of wrong decisions. */
    ERROR_RATE_PARITY,
    /** Share of wrong decisions: in every group at most the bound itself. Not a parity. */
    BOUNDED_GROUP_LOSS;

    boolean isParity() {
        return this != BOUNDED_GROUP_LOSS;
    }

    boolean countsErrors() {
        return this == ERROR_RATE_PARITY || this == BOUNDED_GROUP_LOSS;
    }

    int events() {
        return this == EQUALIZED_ODDS ? 2 : 1;
    }

    /** Whether rows of a label belong to an event; event 0 of the equalized odds are the unfavourable labels. */
    boolean concerns(int event, int label) {
        return switch (this) {
            case EQUALIZED_ODDS -> event == label;
            case TRUE_POSITIVE_RATE_PARITY -> label == 1;
            case FALSE_POSITIVE_RATE_PARITY -> label == 0;
            default -> true;
        };
    }
}
