// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;

/** Which class of each row, and differences of logits. */
final class Logit {
    private Logit() {}

    /** z_to − z_from of each row; where {@code from} or {@code to} is negative, the largest logit of another class. */
    record Difference(int[] from, int[] to) implements Loss {
        /** From the label to the class of a rank. */
        static Difference to(int[][] ranked, int rank, int[] labels) {
            int[] to = new int[labels.length];
            for (int r = 0; r < to.length; r++) {
                to[r] = ranked[r][rank];
            }
            return new Difference(labels, to);
        }

        /** From the largest other class to the label. */
        static Difference toLabel(int[] labels) {
            int[] any = new int[labels.length];
            java.util.Arrays.fill(any, -1);
            return new Difference(any, labels);
        }

        /** From the label to the largest other class. */
        static Difference toOther(int[] labels) {
            return new Difference(labels, toLabel(labels).from());
        }

        @Override
        public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
            double[] values = new double[logits.size()];
            float[] cotangents = new float[values.length * logits.shape().size()];
            for (int r = 0; r < values.length; r++) {
                int up = to[r] < 0 ? largestBut(logits, r, from[r]) : to[r];
                int down = from[r] < 0 ? largestBut(logits, r, to[r]) : from[r];
                values[r] = (double) logits.get(r, up) - logits.get(r, down);
                cotangents[r * logits.shape().size() + up] += 1;
                cotangents[r * logits.shape().size() + down] -= 1;
            }
            return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
        }
    }

    static int largestBut(Batch logits, int row, int label) {
        int best = label == 0 ? 1 : 0;
        for (int c = best + 1; c < logits.shape().size(); c++) {
            best = c != label && logits.get(row, c) > logits.get(row, best) ? c : best;
        }
        return best;
    }

    /** For each row the classes other than its label with the largest logits, in falling order. */
    static int[][] likeliestWrong(Batch logits, int[] labels, int count) {
        int[][] ranked = new int[labels.length][count];
        for (int r = 0; r < labels.length; r++) {
            boolean[] used = new boolean[logits.shape().size()];
            used[labels[r]] = true;
            for (int k = 0; k < count; k++) {
                int best = -1;
                for (int c = 0; c < used.length; c++) {
                    best = !used[c] && (best < 0 || logits.get(r, c) > logits.get(r, best)) ? c : best;
                }
                used[best] = true;
                ranked[r][k] = best;
            }
        }
        return ranked;
    }
}
