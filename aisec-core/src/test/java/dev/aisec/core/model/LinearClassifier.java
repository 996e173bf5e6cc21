// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.function.UnaryOperator;

/** z = W x + b in double, rounded to float: a model of which distances, gradients and smoothed votes are known. */
public final class LinearClassifier implements DifferentiableClassifier {
    private final float[][] weights;
    private final float[] bias;
    private final ModelSpec spec;

    public LinearClassifier(float[][] weights, float[] bias, ModelSpec spec) {
        this.weights = weights;
        this.bias = bias;
        this.spec = spec;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        int n = inputs.shape().size();
        float[] logits = new float[inputs.size() * weights.length];
        for (int i = 0; i < inputs.size(); i++) {
            for (int c = 0; c < weights.length; c++) {
                double sum = bias[c];
                for (int j = 0; j < n; j++) {
                    sum += (double) weights[c][j] * inputs.get(i, j);
                }
                logits[i * weights.length + c] = (float) sum;
            }
        }
        return inputs.like(logits, Shape.of(weights.length));
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Batch logits = logits(inputs);
        Batch v = cotangentOfLogits.apply(logits);
        int n = inputs.shape().size();
        float[] gradient = new float[inputs.size() * n];
        for (int i = 0; i < inputs.size(); i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int c = 0; c < weights.length; c++) {
                    sum += (double) weights[c][j] * v.get(i, c);
                }
                gradient[i * n + j] = (float) sum;
            }
        }
        return new LogitsAndGradient(logits, inputs.like(gradient, inputs.shape()));
    }
}
