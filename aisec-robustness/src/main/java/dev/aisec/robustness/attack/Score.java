// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;

/** What score-based attacks lower: a number for a row of logits that is below 0 where the goal is achieved. */
enum Score {
    /** z_y − max_{c≠y} z_c, negated for a target. */
    MARGIN {
        @Override
        double of(float[] z, int at, int classes, int label) {
            double other = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                if (c != label) {
                    other = Math.max(other, z[at + c]);
                }
            }
            return z[at + label] - other;
        }
    },
    /** log p_y − log(1 − p_y), negated for a target: it rises with p_y, and does not saturate where p_y rounds to 0 or 1. */
    LOG_ODDS {
        @Override
        double of(float[] z, int at, int classes, int label) {
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                if (c != label) {
                    max = Math.max(max, z[at + c]);
                }
            }
            if (max == Double.NEGATIVE_INFINITY) {
                return Double.POSITIVE_INFINITY;
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                if (c != label) {
                    sum += Math.exp(z[at + c] - max);
                }
            }
            return z[at + label] - (max + Math.log(sum));
        }
    };

    abstract double of(float[] z, int at, int classes, int label);

    /** The score of each candidate; {@code rows} are rows of the goal. */
    double[] of(Batch logits, int[] rows, Goal goal) {
        int classes = logits.shape().size();
        int[] labels = goal.targets(rows).labels();
        double[] scores = new double[rows.length];
        for (int r = 0; r < rows.length; r++) {
            double score = of(logits.array(), logits.offset() + r * classes, classes, labels[r]);
            scores[r] = goal.targeted() ? -score : score;
        }
        return scores;
    }
}
