// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import java.util.List;

/**
 * How far groups lie apart. A difference is at least 0, and 0 is equality; a ratio is the smaller over the larger, in
 * [0, 1], and 1 is equality. Either between the groups (largest against smallest) or to all rows together (the group
 * farthest off). Several measures are joined by the worst of them or by their mean.
 *
 * <p>Groups without rows play no part. A group whose measure is undefined (no positives, say) is left out of that measure,
 * and a report says so; with fewer than two groups left the metric abstains. A ratio of 0 to 0 abstains.
 *
 * <p>Interval: for one measure of two groups the hybrid interval of the signed comparison, folded at equality. In all other
 * cases a bootstrap of the cube: cells are redrawn as Poisson variables, d is the largest deviation of any comparison
 * between groups from its estimate, and the interval is estimate ± the quantile of d (on the log scale for ratios). Since
 * a maximum or mean moves no more than what it is taken of, it covers with at least its nominal rate, up to the error of
 * the bootstrap; with many groups it is wide. Cells get 0.5 before redrawing, so that empty ones vary too.
 *
 * <p>Limit: the estimate itself is biased upward, the more so the smaller the groups are: with equal true rates the
 * difference is above 0. Read the lower end.
 *
 * <p>Source: demographic parity and the ratio: 29 CFR 1607.4(D), four-fifths rule; Hardt, Price, Srebro, Equality of
 * Opportunity in Supervised Learning, NeurIPS 2016 (equalized odds, equal opportunity); Chouldechova, Fair prediction with
 * disparate impact, Big Data 5, 2017 (predictive parity); Berk et al. 2021 (conditional use accuracy, treatment equality).
 * Poisson bootstrap: Hanley, MacGibbon, Computer Methods and Programs in Biomedicine 83, 2006.
 *
 * @param name name in snake case
 * @param measures at least one
 * @param comparison difference or ratio
 * @param combination how several measures are joined
 * @param baseline what groups are compared with
 * @param settings how uncertainty is stated
 */
public record Disparity(
        String name,
        List<Measure> measures,
        Comparison comparison,
        Combination combination,
        Baseline baseline,
        AuditSettings settings)
        implements FairnessMetric {
    /** How two values are compared. */
    public enum Comparison {
        /** Their difference. */
        DIFFERENCE,
        /** Their ratio. */
        RATIO
    }

    /** How several measures are joined. */
    public enum Combination {
        /** The largest difference, the smallest ratio. */
        WORST,
        /** The mean of the differences or ratios. */
        MEAN
    }

    /** What groups are compared with. */
    public enum Baseline {
        /** The largest with the smallest. */
        BETWEEN_GROUPS,
        /** Each with all rows together. */
        TO_OVERALL
    }

    /** Copies and checks the components. */
    public Disparity {
        measures = List.copyOf(measures);
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        if (measures.isEmpty()) {
            throw new IllegalArgumentException("measures must be at least one, were none");
        }
    }

    /**
     * A disparity between groups, worst of the measures.
     *
     * @param name name in snake case
     * @param comparison difference or ratio
     * @param measures at least one
     * @return the metric
     */
    public static Disparity of(String name, Comparison comparison, Measure... measures) {
        return new Disparity(
                name, List.of(measures), comparison, Combination.WORST, Baseline.BETWEEN_GROUPS, AuditSettings.DEFAULT);
    }

    /**
     * Largest minus smallest selection rate.
     *
     * @return {@code demographic_parity_difference}
     */
    public static Disparity demographicParityDifference() {
        return of("demographic_parity_difference", Comparison.DIFFERENCE, Measure.SELECTION_RATE);
    }

    /**
     * Smallest over largest selection rate. The four-fifths rule asks for at least 0.8.
     *
     * @return {@code demographic_parity_ratio}
     */
    public static Disparity demographicParityRatio() {
        return of("demographic_parity_ratio", Comparison.RATIO, Measure.SELECTION_RATE);
    }

    /**
     * Largest minus smallest true positive rate.
     *
     * @return {@code equal_opportunity_difference}
     */
    public static Disparity equalOpportunityDifference() {
        return of("equal_opportunity_difference", Comparison.DIFFERENCE, Measure.TRUE_POSITIVE_RATE);
    }

    /**
     * Smallest over largest true positive rate.
     *
     * @return {@code equal_opportunity_ratio}
     */
    public static Disparity equalOpportunityRatio() {
        return of("equal_opportunity_ratio", Comparison.RATIO, Measure.TRUE_POSITIVE_RATE);
    }

    /**
     * The larger of the gaps of true and false positive rates.
     *
     * @return {@code equalized_odds_difference}
     */
    public static Disparity equalizedOddsDifference() {
        return of(
                "equalized_odds_difference",
                Comparison.DIFFERENCE,
                Measure.TRUE_POSITIVE_RATE,
                Measure.FALSE_POSITIVE_RATE);
    }

    /**
     * The smaller of the ratios of true and false positive rates.
     *
     * @return {@code equalized_odds_ratio}
     */
    public static Disparity equalizedOddsRatio() {
        return of("equalized_odds_ratio", Comparison.RATIO, Measure.TRUE_POSITIVE_RATE, Measure.FALSE_POSITIVE_RATE);
    }

    /**
     * The mean of the gaps of true and false positive rates; gaps do not cancel.
     *
     * @return {@code equalized_odds_mean_difference}
     */
    public static Disparity equalizedOddsMeanDifference() {
        return new Disparity(
                "equalized_odds_mean_difference",
                List.of(Measure.TRUE_POSITIVE_RATE, Measure.FALSE_POSITIVE_RATE),
                Comparison.DIFFERENCE,
                Combination.MEAN,
                Baseline.BETWEEN_GROUPS,
                AuditSettings.DEFAULT);
    }

    /**
     * Largest minus smallest positive predictive value.
     *
     * @return {@code predictive_parity_difference}
     */
    public static Disparity predictiveParityDifference() {
        return of("predictive_parity_difference", Comparison.DIFFERENCE, Measure.POSITIVE_PREDICTIVE_VALUE);
    }

    /**
     * The larger of the gaps of positive and negative predictive values.
     *
     * @return {@code conditional_use_accuracy_difference}
     */
    public static Disparity conditionalUseAccuracyDifference() {
        return of(
                "conditional_use_accuracy_difference",
                Comparison.DIFFERENCE,
                Measure.POSITIVE_PREDICTIVE_VALUE,
                Measure.NEGATIVE_PREDICTIVE_VALUE);
    }

    /**
     * Largest minus smallest FN/FP.
     *
     * @return {@code treatment_equality_difference}
     */
    public static Disparity treatmentEqualityDifference() {
        return of("treatment_equality_difference", Comparison.DIFFERENCE, Measure.TREATMENT_RATIO);
    }

    /**
     * The gap of any measure.
     *
     * @param measure what is measured
     * @return for example {@code accuracy_difference}
     */
    public static Disparity difference(Measure measure) {
        return of(measure.id() + "_difference", Comparison.DIFFERENCE, measure);
    }

    /**
     * The ratio of any measure.
     *
     * @param measure what is measured
     * @return for example {@code accuracy_ratio}
     */
    public static Disparity ratio(Measure measure) {
        return of(measure.id() + "_ratio", Comparison.RATIO, measure);
    }

    /**
     * The same against all rows together.
     *
     * @return changed metric, its name ends with {@code _to_overall}
     */
    public Disparity toOverall() {
        return new Disparity(name + "_to_overall", measures, comparison, combination, Baseline.TO_OVERALL, settings);
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed metric
     */
    public Disparity withSettings(AuditSettings value) {
        return new Disparity(name, measures, comparison, combination, baseline, value);
    }

    @Override
    public Estimate of(GroupCube cube) {
        return CubeBootstrap.estimates(cube, List.of(this), settings).get(0);
    }
}
