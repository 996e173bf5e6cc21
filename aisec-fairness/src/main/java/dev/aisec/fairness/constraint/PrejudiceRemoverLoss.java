// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;
import dev.aisec.fairness.internal.Checks;

/**
 * Prejudice remover: a loss plus a penalty on the mutual information between the predicted class and the group, in nats.
 *
 * <p>The targets carry the group of each row in the side column {@code group}. Shares are those of the batch, so that batches must be
 * large against the number of groups; all rows of a batch must come in one call. The penalty drives towards demographic parity and
 * bounds nothing: measure the result.
 *
 * <p>Formula: Σᵢ Σ_y p(y|xᵢ)·ln(P(y|gᵢ)/P(y)), P the means of p over the batch. The derivative with respect to p(y|xᵢ) is that
 * logarithm itself, because the terms from the shares cancel.
 *
 * <p>Source: Kamishima, Akaho, Asoh and Sakuma, "Fairness-aware classifier with prejudice remover regularizer", ECML PKDD 2012,
 * section 3.2. Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param base the loss that is added to
 * @param strength factor η of the penalty; at least 0
 * @param groups number of groups; at least 1
 */
public record PrejudiceRemoverLoss(Loss base, double strength, int groups) implements Loss {
    /** Checks the components. */
    public PrejudiceRemoverLoss {
        Checks.notNegative("strength", strength);
        Checks.atLeast("groups", 1, groups);
    }

    /**
     * Cross-entropy plus the penalty.
     *
     * @param strength factor η of the penalty; at least 0
     * @param groups number of groups; at least 1
     * @return the loss
     */
    public static PrejudiceRemoverLoss of(double strength, int groups) {
        return new PrejudiceRemoverLoss(new CrossEntropyLoss(), strength, groups);
    }

    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        int n = logits.size();
        int[] group = GroupColumn.read(targets, groups);
        double[] p = GroupColumn.softmax(logits);
        double[] byGroup = new double[groups * classes];
        double[] overall = new double[classes];
        int[] sizes = new int[groups];
        for (int i = 0; i < n; i++) {
            sizes[group[i]]++;
            for (int c = 0; c < classes; c++) {
                byGroup[group[i] * classes + c] += p[i * classes + c];
                overall[c] += p[i * classes + c];
            }
        }
        for (int g = 0; g < groups; g++) {
            for (int c = 0; c < classes; c++) {
                int at = g * classes + c;
                // A class that underflows everywhere in a group takes no part: p·ln p tends to 0.
                byGroup[at] = byGroup[at] > 0 ? Math.log(byGroup[at] / sizes[g] / (overall[c] / n)) : 0;
            }
        }
        double[] penalty = new double[n];
        double[] derivative = new double[n * classes];
        for (int i = 0; i < n; i++) {
            double mean = 0;
            for (int c = 0; c < classes; c++) {
                mean += p[i * classes + c] * byGroup[group[i] * classes + c];
            }
            penalty[i] = strength * mean;
            for (int c = 0; c < classes; c++) {
                derivative[i * classes + c] = strength * p[i * classes + c] * (byGroup[group[i] * classes + c] - mean);
            }
        }
        return GroupColumn.plus(base, logits, targets, pass, penalty, derivative);
    }
}
