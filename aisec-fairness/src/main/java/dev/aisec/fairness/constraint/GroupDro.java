// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;
import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;

/**
 * Group DRO (distributionally robust optimisation): trains for the group with the largest mean loss. Weights over the groups grow
 * exponentially with the losses, batch by batch.
 *
 * <p>The targets carry the group of each row in the side column {@code group}. For convex losses the averaged iterates converge to the
 * minimax; for deep networks it is a heuristic that needs strong regularisation (see the source), because a network that fits every row
 * has no worst group. It levels losses, not rates of decisions.
 *
 * <p>Formula: q_g ← q_g·exp(step·mean loss of g) / sum; the loss of row i is n·q_g/n_g times the plain one, so that their mean is
 * Σ q_g·(mean loss of g).
 *
 * <p>Source: Sagawa, Koh, Hashimoto and Liang, "Distributionally robust neural networks for group shifts", ICLR 2020, algorithm 1.
 * Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param base the plain loss
 * @param step step of the weights; at least 0, literature 0.01
 * @param groups number of groups; at least 1
 */
public record GroupDro(Loss base, double step, int groups) {
    /** Checks the components. */
    public GroupDro {
        Checks.notNegative("step", step);
        Checks.atLeast("groups", 1, groups);
    }

    /**
     * Cross-entropy with the literature's step.
     *
     * @param groups number of groups; at least 1
     * @return step 0.01
     */
    public static GroupDro of(int groups) {
        return new GroupDro(new CrossEntropyLoss(), 0.01, groups);
    }

    /**
     * Another step.
     *
     * @param changed at least 0
     * @return the same with that step
     */
    public GroupDro withStep(double changed) {
        return new GroupDro(base, changed, groups);
    }

    /**
     * Starts with equal weights. Take a fresh one for each training run.
     *
     * @return the loss
     */
    public Online start() {
        return new Online(this);
    }

    /**
     * The loss of one training run. It changes at each call and is <em>not</em> thread-safe; all rows of a batch must come in one call,
     * and the result depends on the order of the batches.
     */
    public static final class Online implements Loss {
        private final GroupDro settings;
        private final double[] logWeights;

        private Online(GroupDro settings) {
            this.settings = settings;
            logWeights = new double[settings.groups];
        }

        /**
         * Returns the weights of the groups.
         *
         * @return positive, with sum 1 but for rounding; a copy
         */
        public double[] weights() {
            double max = Arrays.stream(logWeights).max().getAsDouble();
            double[] weights = new double[logWeights.length];
            double sum = 0;
            for (int g = 0; g < weights.length; g++) {
                weights[g] = Math.exp(logWeights[g] - max);
                sum += weights[g];
            }
            for (int g = 0; g < weights.length; g++) {
                weights[g] /= sum;
            }
            return weights;
        }

        @Override
        public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
            int[] group = GroupColumn.read(targets, settings.groups);
            LossValues plain = settings.base.evaluate(logits, targets, pass);
            double[] values = plain.values().clone();
            int n = values.length;
            double[] sums = new double[settings.groups];
            int[] sizes = new int[settings.groups];
            for (int i = 0; i < n; i++) {
                sums[group[i]] += values[i];
                sizes[group[i]]++;
            }
            double max = Double.NEGATIVE_INFINITY;
            for (int g = 0; g < sums.length; g++) {
                if (!Double.isFinite(sums[g])) {
                    // It would stay in the weights of all later batches.
                    throw new IllegalStateException("loss must be finite, sum of group " + g + " was " + sums[g]);
                }
                logWeights[g] += sizes[g] == 0 ? 0 : settings.step * sums[g] / sizes[g];
                max = Math.max(max, logWeights[g]);
            }
            for (int g = 0; g < sums.length; g++) {
                logWeights[g] -= max;
            }
            double[] weights = weights();
            int classes = logits.shape().size();
            Batch before = plain.cotangents();
            float[] cotangents = new float[n * classes];
            for (int i = 0; i < n; i++) {
                double factor = n * weights[group[i]] / sizes[group[i]];
                values[i] *= factor;
                for (int c = 0; c < classes; c++) {
                    int k = i * classes + c;
                    cotangents[k] = (float) (factor * before.array()[before.offset() + k]);
                }
            }
            return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
        }
    }
}
