// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import java.util.function.UnaryOperator;

/**
 * A model that draws, seen through the mean of several draws: what an attack on a randomized defence must use. Logits are
 * the mean logits, gradients the mean of the gradients of each draw, the cotangent taken at the mean logits.
 *
 * <p>Guarantee: for a model that does not draw, logits and gradients are its own up to rounding. A call costs {@code draws}
 * forward passes for the logits, and as many forward and backward passes more for a gradient.
 *
 * <p>Source: Athalye, Engstrom, Ilyas, Kwok, Synthesizing Robust Adversarial Examples, ICML 2018, section 2.1.
 *
 * @param model the model; each call may answer otherwise
 * @param draws how many draws to average; at least 1
 */
public record ExpectationOverTransformation(DifferentiableClassifier model, int draws)
        implements DifferentiableClassifier {
    /** Checks the number of draws. */
    public ExpectationOverTransformation {
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be >= 1, was " + draws);
        }
    }

    @Override
    public ModelSpec spec() {
        return model.spec();
    }

    @Override
    public Batch logits(Batch inputs) {
        Batch first = model.logits(inputs);
        double[] sum = new double[first.size() * first.shape().size()];
        add(sum, first);
        for (int k = 1; k < draws; k++) {
            Progress.checkInterrupted();
            add(sum, model.logits(inputs));
        }
        return first.like(mean(sum), first.shape());
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Batch logits = logits(inputs);
        Batch cotangent = cotangentOfLogits.apply(logits);
        double[] sum = new double[inputs.size() * inputs.shape().size()];
        for (int k = 0; k < draws; k++) {
            Progress.checkInterrupted();
            add(sum, model.gradient(inputs, z -> cotangent).gradient());
        }
        return new LogitsAndGradient(logits, inputs.like(mean(sum), inputs.shape()));
    }

    private static void add(double[] sum, Batch part) {
        float[] values = part.array();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[part.offset() + i];
        }
    }

    private float[] mean(double[] sum) {
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / draws);
        }
        return mean;
    }
}
