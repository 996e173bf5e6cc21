// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * Cross-entropy of the softmax: −log softmax(z)_y. Computed in double by log-sum-exp, so that it stays finite; its
 * derivative softmax(z) − e_y still vanishes when the model is saturated (use {@link MarginLoss} there).
 */
public record CrossEntropyLoss() implements Loss {
    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        float[] z = logits.array();
        double[] values = new double[logits.size()];
        float[] cotangents = new float[logits.size() * classes];
        double[] e = new double[classes];
        for (int i = 0; i < values.length; i++) {
            int row = logits.offset() + i * classes;
            int y = targets.label(i);
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, z[row + c]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                e[c] = Math.exp(z[row + c] - max);
                sum += e[c];
            }
            values[i] = Math.log(sum) + max - z[row + y];
            double others = sum - e[y];
            if (others < 0.5 * sum) {
                // softmax_y − 1 = −Σ others / Σ: summed directly, it does not cancel when the model is sure.
                others = 0;
                for (int c = 0; c < classes; c++) {
                    others += c == y ? 0 : e[c];
                }
            }
            for (int c = 0; c < classes; c++) {
                cotangents[i * classes + c] = (float) (c == y ? -others / sum : e[c] / sum);
            }
        }
        return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
    }
}
