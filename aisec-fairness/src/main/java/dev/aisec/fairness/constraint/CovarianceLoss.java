// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;
import dev.aisec.fairness.internal.Checks;

/**
 * Decision-boundary covariance: a loss plus a penalty on the squared covariance between being in a group and the log-odds of the
 * favourable class, summed over the groups.
 *
 * <p>The targets carry the group of each row in the side column {@code group}; all rows of a batch must come in one call. The source
 * bounds the covariance in a convex program; here its square is a penalty, so that it serves any network. It drives towards equal mean
 * log-odds, which is not parity of decisions: measure the result.
 *
 * <p>Formula: n·strength·Σ_g cov_g², cov_g = 1/n Σᵢ (1[gᵢ = g] − share of g)·dᵢ, d = z_favourable − log Σ exp(other logits). Each row
 * bears an equal part.
 *
 * <p>Source: Zafar, Valera, Gomez Rodriguez and Gummadi, "Fairness constraints: mechanisms for fair classification", AISTATS 2017,
 * section 3. Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param base the loss that is added to
 * @param strength factor of the penalty; at least 0
 * @param groups number of groups; at least 1
 * @param favourable number of the favourable class; at least 0
 */
public record CovarianceLoss(Loss base, double strength, int groups, int favourable) implements Loss {
    /** Checks the components. */
    public CovarianceLoss {
        Checks.notNegative("strength", strength);
        Checks.atLeast("groups", 1, groups);
        if (favourable < 0) {
            throw new IllegalArgumentException("favourable must be >= 0, was " + favourable);
        }
    }

    /**
     * Cross-entropy plus the penalty.
     *
     * @param strength factor of the penalty; at least 0
     * @param groups number of groups; at least 1
     * @param favourable number of the favourable class
     * @return the loss
     */
    public static CovarianceLoss of(double strength, int groups, int favourable) {
        return new CovarianceLoss(new CrossEntropyLoss(), strength, groups, favourable);
    }

    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        if (favourable >= classes || classes < 2) {
            throw new IllegalArgumentException(
                    "favourable must be one of at least 2 classes, was " + favourable + " of " + classes);
        }
        int n = logits.size();
        int[] group = GroupColumn.read(targets, groups);
        float[] z = logits.array();
        double[] odds = new double[n];
        double[] others = new double[n * classes];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            int row = logits.offset() + i * classes;
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                max = c == favourable ? max : Math.max(max, z[row + c]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                double e = c == favourable ? 0 : Math.exp(z[row + c] - max);
                others[i * classes + c] = e;
                sum += e;
            }
            for (int c = 0; c < classes; c++) {
                others[i * classes + c] /= sum;
            }
            odds[i] = z[row + favourable] - max - Math.log(sum);
            mean += odds[i] / n;
        }
        double[] covariance = new double[groups];
        double[] share = new double[groups];
        for (int i = 0; i < n; i++) {
            // Σ (1[g] − share)·d = Σ over the group of (d − mean of d).
            covariance[group[i]] += (odds[i] - mean) / n;
            share[group[i]] += 1.0 / n;
        }
        double squares = 0;
        double common = 0;
        for (int g = 0; g < groups; g++) {
            squares += covariance[g] * covariance[g];
            common += covariance[g] * share[g];
        }
        double[] penalty = new double[n];
        double[] derivative = new double[n * classes];
        for (int i = 0; i < n; i++) {
            penalty[i] = strength * squares;
            double slope = 2 * strength * (covariance[group[i]] - common);
            for (int c = 0; c < classes; c++) {
                derivative[i * classes + c] = c == favourable ? slope : -slope * others[i * classes + c];
            }
        }
        return GroupColumn.plus(base, logits, targets, pass, penalty, derivative);
    }
}
