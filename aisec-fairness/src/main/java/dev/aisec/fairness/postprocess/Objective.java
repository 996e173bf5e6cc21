// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

/**
 * What a decision rule is to maximise. All are linear in the four cells of each group's table of decisions; none falls with true
 * positives or rises with false positives, so that the best rule lies on the upper hull of the ROC curve.
 */
public sealed interface Objective {
    /** Share of decisions that agree with the recorded label. */
    Utility ACCURACY = new Utility(1, 0, 1, 0);

    /**
     * Mean value of a decision, by a matrix of values. Costs are negative values.
     *
     * @param truePositive value of a favourable decision on a favourable label; at least {@code falseNegative}
     * @param falsePositive value of a favourable decision on an unfavourable label
     * @param trueNegative value of an unfavourable decision on an unfavourable label; at least {@code falsePositive}
     * @param falseNegative value of an unfavourable decision on a favourable label
     */
    record Utility(double truePositive, double falsePositive, double trueNegative, double falseNegative)
            implements Objective {
        /** Checks the values. */
        public Utility {
            check("truePositive", truePositive);
            check("falsePositive", falsePositive);
            check("trueNegative", trueNegative);
            check("falseNegative", falseNegative);
            if (truePositive < falseNegative) {
                throw new IllegalArgumentException(
                        "truePositive must be >= falseNegative, " + falseNegative + ", was " + truePositive);
            }
            if (trueNegative < falsePositive) {
                throw new IllegalArgumentException(
                        "trueNegative must be >= falsePositive, " + falsePositive + ", was " + trueNegative);
            }
        }

        private static void check(String name, double value) {
            if (!(Math.abs(value) <= 1e9)) {
                throw new IllegalArgumentException(name + " must be in [-1e9, 1e9], was " + value);
            }
        }

        /**
         * The negative mean cost of errors.
         *
         * @param falsePositive cost of a false positive; at least 0
         * @param falseNegative cost of a false negative; at least 0
         * @return the utility
         */
        public static Utility costs(double falsePositive, double falseNegative) {
            return new Utility(0, -falsePositive, 0, -falseNegative);
        }

        /**
         * Net benefit: true positives less false positives at the rate of exchange at which a precision breaks even. Positive exactly
         * if the precision of the rule is above {@code precision}. Source: Vickers and Elkin, "Decision Curve Analysis", Medical
         * Decision Making 2006.
         *
         * @param precision the precision that is just worth while, in [0, 1)
         * @return the utility {@code TP − FP · precision / (1 − precision)}, for each row
         */
        public static Utility netBenefit(double precision) {
            if (!(precision >= 0 && precision < 1)) {
                throw new IllegalArgumentException("precision must be in [0, 1), was " + precision);
            }
            return new Utility(1, -precision / (1 - precision), 0, 0);
        }
    }

    /** The mean of true positive rate and true negative rate. Two different numbers go by this name when there are groups. */
    enum BalancedAccuracy implements Objective {
        /** The rates are those of all rows together. What is meant where no groups are mentioned. */
        POOLED,
        /** The balanced accuracy of each group, weighted by the group's share of all rows. Fairlearn's threshold optimiser uses it. */
        GROUP_WEIGHTED
    }
}
