// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * The margin max_{c≠y} z_c − z_y: positive exactly when another class wins. Its derivative never vanishes, unlike that
 * of cross-entropy on a saturated model (Carlini, Wagner, Towards Evaluating the Robustness of Neural Networks, IEEE
 * S&amp;P 2017, f₆ with κ = ∞).
 */
public record MarginLoss() implements Loss {
    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        float[] z = logits.array();
        double[] values = new double[logits.size()];
        float[] cotangents = new float[logits.size() * classes];
        for (int i = 0; i < values.length; i++) {
            int row = logits.offset() + i * classes;
            int y = targets.label(i);
            int best = y == 0 ? 1 : 0;
            for (int c = 0; c < classes; c++) {
                if (c != y && z[row + c] > z[row + best]) {
                    best = c;
                }
            }
            values[i] = (double) z[row + best] - z[row + y];
            cotangents[i * classes + best] = 1;
            cotangents[i * classes + y] = -1;
        }
        return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
    }
}
