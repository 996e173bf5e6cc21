// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;

/**
 * The logit of the label alone: −z_y. Its gradient never vanishes by saturation, and towards a target class it transfers to
 * other models better than cross-entropy.
 *
 * <p>Source: Zhao, Liu, Larson, On Success and Simplicity: A Second Look at Transferable Targeted Attacks, NeurIPS 2021,
 * section 3.2.
 */
public record LogitLoss() implements Loss {
    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        int classes = logits.shape().size();
        double[] values = new double[logits.size()];
        float[] cotangents = new float[logits.size() * classes];
        for (int i = 0; i < values.length; i++) {
            values[i] = -(double) logits.get(i, targets.label(i));
            cotangents[i * classes + targets.label(i)] = -1;
        }
        return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
    }
}
