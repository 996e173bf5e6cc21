// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import java.util.List;

/**
 * Which rates have to agree between the groups, up to a tolerance: the largest less the smallest of each is at most the tolerance.
 * No two of these hold together in general when base rates differ (Kleinberg, Mullainathan and Raghavan, "Inherent Trade-Offs in the
 * Fair Determination of Risk Scores", ITCS 2017; Chouldechova, "Fair Prediction with Disparate Impact", Big Data 2017).
 */
public enum ParityConstraint {
    /** None: the best rule without regard to the groups' rates. */
    NONE(List.of()),
    /** Selection rates agree: the share of favourable decisions. */
    DEMOGRAPHIC_PARITY(List.of(Rate.SELECTION)),
    /** True positive rates agree: equal opportunity (Hardt, Price and Srebro, NeurIPS 2016). */
    TRUE_POSITIVE_RATE_PARITY(List.of(Rate.TRUE_POSITIVE)),
    /** False positive rates agree: predictive equality. */
    FALSE_POSITIVE_RATE_PARITY(List.of(Rate.FALSE_POSITIVE)),
    /** True and false positive rates agree, each up to the tolerance (Hardt, Price and Srebro, NeurIPS 2016). */
    EQUALIZED_ODDS(List.of(Rate.TRUE_POSITIVE, Rate.FALSE_POSITIVE));

    /** A rate of favourable decisions. */
    enum Rate {
        SELECTION,
        TRUE_POSITIVE,
        FALSE_POSITIVE;

        /** The rate of the rule that accepts from point {@code j} of a curve on. */
        double at(ScoreCurve curve, int j) {
            return switch (this) {
                case SELECTION -> (curve.tp[j] + curve.fp[j]) / (curve.positives() + curve.negatives());
                case TRUE_POSITIVE -> curve.tp[j] / curve.positives();
                case FALSE_POSITIVE -> curve.fp[j] / curve.negatives();
            };
        }
    }

    private final List<Rate> rates;

    ParityConstraint(List<Rate> rates) {
        this.rates = rates;
    }

    List<Rate> rates() {
        return rates;
    }

    boolean needsPositives() {
        return rates.contains(Rate.TRUE_POSITIVE);
    }

    boolean needsNegatives() {
        return rates.contains(Rate.FALSE_POSITIVE);
    }
}
