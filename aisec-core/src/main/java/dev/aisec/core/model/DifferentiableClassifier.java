// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.function.UnaryOperator;

/** A classifier that gives the gradient of any function of its logits with respect to its inputs. */
public interface DifferentiableClassifier extends Classifier {
    /**
     * One forward and one backward pass, in inference mode. Row i of the gradient is the derivative with respect to
     * input row i of Σ_c cotangent[i, c] · logits[i, c], the cotangent held fixed: the vector-Jacobian product, which
     * serves every loss.
     *
     * @param inputs examples of shape {@code spec().inputShape()}
     * @param cotangentOfLogits called once with the logits of all rows; returns the derivative of the loss with respect
     *     to them, in the same shape
     * @return logits and gradient
     */
    LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits);
}
