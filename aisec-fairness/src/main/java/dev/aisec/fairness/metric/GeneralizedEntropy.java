// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import java.util.Arrays;

/**
 * Generalised entropy index of the benefits b = decision − label + 1 (0 wrongly refused, 1 right, 2 wrongly selected): 0 if
 * all get the same. With the between-group part, benefits are replaced by the mean of the group; the rest of the index is
 * inequality within groups.
 *
 * <p>GE(α) = 1/(α(α−1)) · mean((b/μ)^α − 1); α = 1 (Theil): mean(b/μ · ln(b/μ)); α = 0 (mean log deviation): −mean(ln(b/μ)),
 * undefined as soon as someone has benefit 0.
 *
 * <p>Interval: percentile bootstrap of the cube. Where no draw moves the index, since no error was seen, it holds what as many errors would
 * give as may have gone unseen (rule of three). The part between groups is the squared length of a vector; its interval is (length ± d)²
 * with d the bootstrap quantile of how far the vector moves, so that it reaches 0 for equal groups and is conservative above. Limit: the
 * part between groups is biased upward, the more so the smaller the groups are. All weights count.
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
        String undefined = "index must be defined: benefits must not be all 0, nor any be 0 if alpha <= 0";
        return betweenGroups
                ? CellDraws.squaredLength(cube, settings, this::between, undefined)
                : CellDraws.percentile(cube, settings, this::index, undefined);
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
        for (int c = 0; c < cells.length; c++) {
            result += cells[c] > 0 ? cells[c] / total * term(benefit(c) / mean) : 0;
        }
        return total > 0 ? result : Double.NaN;
    }

    /** The vector, an entry for each group, whose squared length is the part between groups. */
    private double[] between(double[] cells) {
        double[] result = new double[cells.length / GroupCube.CELLS];
        double[] weight = new double[result.length];
        double total = 0;
        double sum = 0;
        for (int c = 0; c < cells.length; c++) {
            int group = c / GroupCube.CELLS;
            weight[group] += cells[c];
            result[group] += cells[c] * benefit(c);
            total += cells[c];
            sum += cells[c] * benefit(c);
        }
        double mean = sum / total;
        for (int g = 0; g < result.length; g++) {
            if (weight[g] > 0) {
                double share = result[g] / weight[g] / mean;
                result[g] = Math.signum(share - 1) * Math.sqrt(weight[g] / total * term(share));
            }
        }
        if (!(total > 0)) {
            Arrays.fill(result, Double.NaN);
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

    /** At least 0. The index is the mean of these, since the mean of share − 1, of which a multiple is added, is 0. */
    private double term(double share) {
        double term;
        if (alpha == 1) {
            term = (share == 0 ? 0 : share * Math.log(share)) - (share - 1);
        } else if (alpha == 0) {
            term = share - 1 - Math.log(share);
        } else if (alpha > 0.5) {
            // Written so that it is exact next to the pole at 1, and the other next to that at 0.
            double power = share == 0 ? 0 : share * Math.expm1((alpha - 1) * Math.log(share)) / (alpha - 1);
            term = (power - (share - 1)) / alpha;
        } else {
            term = (Math.expm1(alpha * Math.log(share)) / alpha - (share - 1)) / (alpha - 1);
        }
        return Double.isNaN(term) ? term : Math.max(0, term);
    }
}
