// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;

/**
 * Generalised entropy index of the benefits b = decision − label + 1 (0 wrongly refused, 1 right, 2 wrongly selected): 0 if
 * all get the same. With the between-group part, benefits are replaced by the mean of the group; the rest of the index is
 * inequality within groups.
 *
 * <p>GE(α) = 1/(α(α−1)) · mean((b/μ)^α − 1); α = 1 (Theil): mean(b/μ · ln(b/μ)); α = 0 (mean log deviation): −mean(ln(b/μ)),
 * undefined as soon as someone has benefit 0.
 *
 * <p>Interval: percentile bootstrap of the cube; biased where the index is near 0. Where no draw moves it, since no error was
 * seen, it holds what as many errors would give as may have gone unseen (rule of three). All weights count.
 *
 * <p>Source: Speicher et al., A Unified Approach to Quantifying Algorithmic Unfairness, KDD 2018.
 *
 * @param alpha weight of large benefits, finite; 2 by default
 * @param betweenGroups whether only the part between groups is meant
 * @param settings how uncertainty is stated
 */
public record GeneralizedEntropy(double alpha, boolean betweenGroups, AuditSettings settings)
        implements FairnessMetric {
    /** Checks alpha. */
    public GeneralizedEntropy {
        if (!Double.isFinite(alpha)) {
            throw new IllegalArgumentException("alpha must be finite, was " + alpha);
        }
    }

    /**
     * The index of all rows.
     *
     * @param alpha weight of large benefits; 1 for Theil
     * @return the metric
     */
    public static GeneralizedEntropy of(double alpha) {
        return new GeneralizedEntropy(alpha, false, AuditSettings.DEFAULT);
    }

    /**
     * The part between groups.
     *
     * @return changed metric
     */
    public GeneralizedEntropy between() {
        return new GeneralizedEntropy(alpha, true, settings);
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed metric
     */
    public GeneralizedEntropy withSettings(AuditSettings value) {
        return new GeneralizedEntropy(alpha, betweenGroups, value);
    }

    @Override
    public String name() {
        String kind = alpha == 1 ? "theil_index" : "generalized_entropy_" + alpha;
        return betweenGroups ? "between_group_" + kind : kind;
    }

    @Override
    public Estimate of(GroupCube cube) {
        return CellDraws.percentile(
                cube,
                settings,
                this::index,
                "index must be defined: benefits must not be all 0, nor any be 0 if alpha <= 0");
    }

    private double index(double[] cells) {
        double total = 0;
        double sum = 0;
        for (int c = 0; c < cells.length; c++) {
            total += cells[c];
            sum += cells[c] * benefit(c);
        }
        double mean = sum / total;
        double result = 0;
        for (int first = 0; first < cells.length; first += GroupCube.CELLS) {
            double weight = 0;
            double benefits = 0;
            for (int c = first; c < first + GroupCube.CELLS; c++) {
                weight += cells[c];
                benefits += cells[c] * benefit(c);
                if (!betweenGroups && cells[c] > 0) {
                    result += cells[c] / total * term(benefit(c) / mean);
                }
            }
            if (betweenGroups && weight > 0) {
                result += weight / total * term(benefits / weight / mean);
            }
        }
        return result;
    }

    private static double benefit(int cell) {
        return switch (cell % GroupCube.CELLS) {
            case GroupCube.FALSE_POSITIVE -> 2;
            case GroupCube.FALSE_NEGATIVE -> 0;
            default -> 1;
        };
    }

    private double term(double share) {
        if (alpha == 1) {
            return share == 0 ? 0 : share * Math.log(share);
        }
        if (alpha == 0) {
            return -Math.log(share);
        }
        // Both have the same mean, as that of the shares is 1; each is exact next to its pole, 1 or 0.
        return alpha > 0.5
                ? share == 0 ? 0 : share * Math.expm1((alpha - 1) * Math.log(share)) / (alpha * (alpha - 1))
                : Math.expm1(alpha * Math.log(share)) / (alpha * (alpha - 1));
    }
}
