// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;

/** The group of each row as a side column of the targets, and how penalties join a loss. */
final class GroupColumn {
    static final String NAME = "group";

    private GroupColumn() {}

    static int[] read(Targets targets, int groups) {
        int[] result = new int[targets.size()];
        for (int i = 0; i < result.length; i++) {
            double group = targets.column(NAME, i);
            if (!(group >= 0 && group < groups && group == Math.rint(group))) {
                throw new IllegalArgumentException(
                        "column group must be whole and in [0, " + groups + "), row " + i + " was " + group);
            }
            result[i] = (int) group;
        }
        return result;
    }

    /** A loss plus a penalty, given by its value at each row and the derivative of the sum. */
    static LossValues plus(
            Loss base, Batch logits, Targets targets, Loss.Pass pass, double[] penalty, double[] derivative) {
        LossValues plain = base.evaluate(logits, targets, pass);
        double[] values = plain.values().clone();
        Batch before = plain.cotangents();
        float[] cotangents = new float[derivative.length];
        for (int i = 0; i < values.length; i++) {
            values[i] += penalty[i];
        }
        for (int k = 0; k < cotangents.length; k++) {
            cotangents[k] = (float) (before.array()[before.offset() + k] + derivative[k]);
        }
        return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
    }

    /** Softmax of each row, row-major. */
    static double[] softmax(Batch logits) {
        int classes = logits.shape().size();
        float[] z = logits.array();
        double[] m = new double[logits.size() * classes];
        for (int i = 0; i < logits.size(); i++) {
            int row = logits.offset() + i * classes;
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, z[row + c]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                m[i * classes + c] = Math.exp(z[row + c] - max);
                sum += m[i * classes + c];
            }
            for (int c = 0; c < classes; c++) {
                m[i * classes + c] /= sum;
            }
        }
        return m;
    }
}
