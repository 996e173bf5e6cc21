// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;

/**
 * Difference of logits ratio: −(z_y − max_{c≠y} z_c) / (z_(1) − z_(3)), where z_(k) is the k-th largest logit. It does not
 * change when logits are shifted or scaled, so a model cannot hide behind large logits as it can with cross-entropy.
 *
 * <p>With a column {@link #TARGET} in the targets it is the targeted form −(z_y − z_t) / (z_(1) − (z_(3) + z_(4)) / 2).
 *
 * <p>A model with too few classes for the denominator (fewer than 3, or 4 with a target) gets the margin z_c − z_y itself,
 * which has the same sign.
 *
 * <p>Source: Croce, Hein, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks,
 * ICML 2020, equations 6 and 7.
 */
public record DlrLoss() implements Loss {
    /** Name of the column with the class to reach for each row. */
    public static final String TARGET = "dlr.target";

    private static final double SMALLEST = 1e-12;

    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        boolean targeted = targets.columnNames().contains(TARGET);
        double[] values = new double[logits.size()];
        float[] cotangents = new float[logits.size() * classes];
        int[] order = new int[Math.min(4, classes)];
        for (int i = 0; i < values.length; i++) {
            largest(logits, i, order);
            int y = targets.label(i);
            int t = targeted ? (int) targets.column(TARGET, i) : order[0] == y ? order[1] : order[0];
            double difference = (double) logits.get(i, y) - logits.get(i, t);
            int at = i * classes;
            if (classes < (targeted ? 4 : 3)) {
                values[i] = -difference;
                cotangents[at + y] -= 1;
                cotangents[at + t] += 1;
                continue;
            }
            double third = targeted
                    ? ((double) logits.get(i, order[2]) + logits.get(i, order[3])) / 2
                    : logits.get(i, order[2]);
            double spread = Math.max(SMALLEST, logits.get(i, order[0]) - third);
            values[i] = -difference / spread;
            cotangents[at + y] -= (float) (1 / spread);
            cotangents[at + t] += (float) (1 / spread);
            float slope = (float) (difference / (spread * spread));
            cotangents[at + order[0]] += slope;
            if (targeted) {
                cotangents[at + order[2]] -= slope / 2;
                cotangents[at + order[3]] -= slope / 2;
            } else {
                cotangents[at + order[2]] -= slope;
            }
        }
        return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
    }

    /** The classes with the largest logits, in falling order; of equals the first. */
    private static void largest(Batch logits, int row, int[] order) {
        int found = 0;
        for (int c = 0; c < logits.shape().size(); c++) {
            int place = found;
            while (place > 0 && logits.get(row, c) > logits.get(row, order[place - 1])) {
                place--;
            }
            if (place < order.length) {
                found = Math.min(found + 1, order.length);
                System.arraycopy(order, place, order, place + 1, found - place - 1);
                order[place] = c;
            }
        }
    }
}
