// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.function.UnaryOperator;

/**
 * A classifier behind a preprocessor, as one model: what an attack on the whole sees. Inputs and bounds are those of the
 * classifier.
 *
 * @param preprocessor what inputs go through
 * @param model what follows
 */
public record PreprocessedClassifier(Preprocessor preprocessor, Classifier model) implements Classifier {
    @Override
    public ModelSpec spec() {
        return model.spec();
    }

    @Override
    public Batch logits(Batch inputs) {
        return model.logits(preprocessor.apply(inputs));
    }

    /**
     * The same with gradients: those of the classifier at the preprocessed inputs, taken back by {@link
     * Preprocessor#backward}, which is the identity where the preprocessor names nothing better (BPDA).
     *
     * @param preprocessor what inputs go through
     * @param model what follows
     */
    public record Differentiable(Preprocessor preprocessor, DifferentiableClassifier model)
            implements DifferentiableClassifier {
        @Override
        public ModelSpec spec() {
            return model.spec();
        }

        @Override
        public Batch logits(Batch inputs) {
            return model.logits(preprocessor.apply(inputs));
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            LogitsAndGradient inner = model.gradient(preprocessor.apply(inputs), cotangentOfLogits);
            return new LogitsAndGradient(inner.logits(), preprocessor.backward(inputs, inner.gradient()));
        }
    }
}
