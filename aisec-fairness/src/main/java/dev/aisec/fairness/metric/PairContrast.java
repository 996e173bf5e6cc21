// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Mover;
import java.util.ArrayList;
import java.util.List;

/**
 * The signed comparison of a group with a reference group: group − reference, averaged over the measures, or group ÷
 * reference of one measure. A negative difference of selection rates means that the group is selected less often.
 *
 * <p>Guarantee: the interval covers at its nominal rate up to the error of the mid-P and hybrid methods; see {@link
 * Measure}. Limit: signed averages can cancel; {@link Disparity#equalizedOddsDifference()} does not.
 *
 * <p>Average odds difference: ½ ((FPR − FPR′) + (TPR − TPR′)).
 *
 * <p>Source: Newcombe, Statistics in Medicine 17, 1998; Zou, Donner, Statistics in Medicine 27, 2008; average odds:
 * Bellamy et al., AI Fairness 360, IBM Journal 63, 2019.
 *
 * @param name name in snake case
 * @param measures one or more; exactly one for a ratio
 * @param comparison difference or ratio
 * @param group the group
 * @param reference the reference group; another one
 * @param settings how uncertainty is stated
 */
public record PairContrast(
        String name,
        List<Measure> measures,
        Disparity.Comparison comparison,
        int group,
        int reference,
        AuditSettings settings)
        implements FairnessMetric {
    /** Copies and checks the components. */
    public PairContrast {
        measures = List.copyOf(measures);
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        if (measures.isEmpty() || comparison == Disparity.Comparison.RATIO && measures.size() > 1) {
            throw new IllegalArgumentException("measures must be one or more, one for a ratio, were " + measures);
        }
        if (group < 0 || reference < 0 || group == reference) {
            throw new IllegalArgumentException(
                    "group and reference must be >= 0 and different, were " + group + " and " + reference);
        }
    }

    /**
     * Difference of a measure.
     *
     * @param measure what is measured
     * @param group the group
     * @param reference the reference group
     * @return the metric, for example {@code selection_rate_signed_difference}
     */
    public static PairContrast difference(Measure measure, int group, int reference) {
        return new PairContrast(
                measure.id() + "_signed_difference",
                List.of(measure),
                Disparity.Comparison.DIFFERENCE,
                group,
                reference,
                AuditSettings.DEFAULT);
    }

    /**
     * Ratio of a measure.
     *
     * @param measure what is measured
     * @param group the group
     * @param reference the reference group
     * @return the metric, for example {@code selection_rate_signed_ratio}; above 1 if the group has more
     */
    public static PairContrast ratio(Measure measure, int group, int reference) {
        return new PairContrast(
                measure.id() + "_signed_ratio",
                List.of(measure),
                Disparity.Comparison.RATIO,
                group,
                reference,
                AuditSettings.DEFAULT);
    }

    /**
     * Average odds difference.
     *
     * @param group the group
     * @param reference the reference group
     * @return the metric {@code average_odds_difference}
     */
    public static PairContrast averageOdds(int group, int reference) {
        return new PairContrast(
                "average_odds_difference",
                List.of(Measure.FALSE_POSITIVE_RATE, Measure.TRUE_POSITIVE_RATE),
                Disparity.Comparison.DIFFERENCE,
                group,
                reference,
                AuditSettings.DEFAULT);
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed metric
     */
    public PairContrast withSettings(AuditSettings value) {
        return new PairContrast(name, measures, comparison, group, reference, value);
    }

    @Override
    public Estimate of(GroupCube cube) {
        int size = cube.space().size();
        if (group >= size || reference >= size) {
            throw new IllegalArgumentException(
                    "group and reference must be in [0, " + size + "), were " + group + " and " + reference);
        }
        List<Estimate.Measured> parts = new ArrayList<>();
        double[] factors = new double[2 * measures.size()];
        for (Measure measure : measures) {
            for (int side : new int[] {group, reference}) {
                Estimate estimate = measure.of(cube, side, settings, false);
                if (estimate instanceof Estimate.Abstained abstained) {
                    return new Estimate.Abstained(cube.space().name(side) + ": " + abstained.reason(), abstained.n());
                }
                factors[parts.size()] = (side == group ? 1.0 : -1.0) / measures.size();
                parts.add((Estimate.Measured) estimate);
            }
        }
        if (comparison == Disparity.Comparison.DIFFERENCE) {
            return Mover.sum(factors, parts);
        }
        if (parts.get(1).value() == 0) {
            return new Estimate.Abstained(
                    measures.get(0).id() + " of " + cube.space().name(reference) + " is 0",
                    parts.get(1).n());
        }
        return Mover.ratio(parts.get(0), parts.get(1));
    }
}
