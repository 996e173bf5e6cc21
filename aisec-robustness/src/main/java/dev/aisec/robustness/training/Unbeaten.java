// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A model that seems to answer right always, so that an attack goes on to its last step: training wants the point of
 * greatest loss, where an evaluation stops at the first that fools the model. Losses and gradients are the model's own; only
 * the logits that come back have the true class on top.
 *
 * @param model the model
 * @param labels the true class by row number
 */
record Unbeaten(DifferentiableClassifier model, Map<Long, Integer> labels) implements DifferentiableClassifier {
    @Override
    public ModelSpec spec() {
        return model.spec();
    }

    @Override
    public Batch logits(Batch inputs) {
        return topped(inputs, model.logits(inputs));
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        LogitsAndGradient own = model.gradient(inputs, cotangentOfLogits);
        return new LogitsAndGradient(topped(inputs, own.logits()), own.gradient());
    }

    private Batch topped(Batch inputs, Batch logits) {
        int classes = logits.shape().size();
        float[] z = logits.toArray();
        for (int i = 0; i < inputs.size(); i++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, z[i * classes + c]);
            }
            Integer label = labels.get(inputs.rowNumber(i));
            if (label == null) {
                throw new IllegalStateException(
                        "attack must keep row numbers, asked about unknown row " + inputs.rowNumber(i));
            }
            z[i * classes + label] = Math.nextUp(max);
        }
        return logits.like(z, logits.shape());
    }
}
