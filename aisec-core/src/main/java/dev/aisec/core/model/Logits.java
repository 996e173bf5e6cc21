// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** What is computed from logits everywhere in the same way. */
public final class Logits {
    private Logits() {}

    /**
     * The index of the largest logit of each row, the first of equals.
     *
     * @param logits logits
     * @return one index for each row
     * @throws IllegalStateException if a logit is NaN
     */
    public static int[] argmax(Batch logits) {
        int classes = logits.shape().size();
        int[] result = new int[logits.size()];
        float[] data = logits.array();
        for (int i = 0; i < result.length; i++) {
            int row = logits.offset() + i * classes;
            int best = 0;
            for (int c = 0; c < classes; c++) {
                if (Float.isNaN(data[row + c])) {
                    throw new IllegalStateException("logits must not be NaN, was NaN at row " + i + ", class " + c);
                }
                if (data[row + c] > data[row + best]) {
                    best = c;
                }
            }
            result[i] = best;
        }
        return result;
    }

    /**
     * The softmax of each row.
     *
     * @param logits logits; -∞ gives probability 0
     * @return probabilities
     * @throws IllegalStateException if a row has NaN or +∞, or is -∞ throughout
     */
    public static Batch softmax(Batch logits) {
        int classes = logits.shape().size();
        float[] data = logits.array();
        float[] result = new float[logits.size() * classes];
        double[] e = new double[classes];
        for (int i = 0; i < logits.size(); i++) {
            int row = logits.offset() + i * classes;
            double max = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, data[row + c]);
            }
            for (int c = 0; c < classes; c++) {
                e[c] = Math.exp(data[row + c] - max);
                sum += e[c];
            }
            if (!(sum > 0)) {
                throw new IllegalStateException("logits must have a finite maximum, row " + i + " had none");
            }
            for (int c = 0; c < classes; c++) {
                result[i * classes + c] = (float) (e[c] / sum);
            }
        }
        return logits.like(result, logits.shape());
    }
}
