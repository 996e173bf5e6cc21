// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * Something that changes inputs before a classifier sees them. A defended model is a preprocessor and a classifier,
 * attacked end to end.
 */
@FunctionalInterface
public interface Preprocessor {
    /**
     * The changed inputs.
     *
     * @param inputs examples
     * @return in the same shape
     */
    Batch apply(Batch inputs);

    /**
     * The derivative through this step, or its approximation. By default the identity (BPDA: Athalye, Carlini, Wagner,
     * Obfuscated Gradients Give a False Sense of Security, ICML 2018).
     *
     * @param inputs what {@link #apply} was called with
     * @param cotangents derivative with respect to its result
     * @return derivative with respect to {@code inputs}
     */
    default Batch backward(Batch inputs, Batch cotangents) {
        return cotangents;
    }

    /**
     * A classifier behind this step, as one model.
     *
     * @param model what follows
     * @return the whole, without gradients
     */
    default PreprocessedClassifier before(Classifier model) {
        return new PreprocessedClassifier(this, model);
    }

    /**
     * A classifier behind this step, as one model with gradients: what attacks on the whole need.
     *
     * @param model what follows
     * @return the whole
     */
    default PreprocessedClassifier.Differentiable before(DifferentiableClassifier model) {
        return new PreprocessedClassifier.Differentiable(this, model);
    }
}
