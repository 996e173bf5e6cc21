// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * A classifier seen from outside: inputs in, logits out.
 *
 * <p>Row i of a result belongs to row i of the input. Implementations are thread-safe, do not change their input, and
 * reject inputs of another shape with {@link IllegalArgumentException}. An empty batch gives an empty result.
 *
 * <p>Logits are the scores before softmax. A classifier that votes returns log vote shares.
 */
public interface Classifier {
    /**
     * The logits.
     *
     * @param inputs examples of shape {@code spec().inputShape()}
     * @return one row of {@code spec().classes()} logits for each example
     */
    Batch logits(Batch inputs);

    /**
     * What goes in and what comes out.
     *
     * @return shape, classes, bounds
     */
    ModelSpec spec();

    /**
     * The softmax of the logits, computed in double and stable for large logits.
     *
     * @param inputs examples
     * @return one row of probabilities for each example
     */
    default Batch probabilities(Batch inputs) {
        return Logits.softmax(logits(inputs));
    }

    /**
     * The class with the largest logit, the first of equals.
     *
     * @param inputs examples
     * @return one class for each example
     * @throws IllegalStateException if a logit is NaN: such a model has no answer
     */
    default int[] predict(Batch inputs) {
        return Logits.argmax(logits(inputs));
    }
}
