// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** A loss of logits against targets, with its derivative. */
@FunctionalInterface
public interface Loss {
    /**
     * The loss of each row and the derivative of the sum of the losses with respect to the logits.
     *
     * @param logits one row of logits for each example
     * @param targets a target for each row
     * @param pass model and inputs that gave the logits, for losses that need a second pass
     * @return values and cotangents
     */
    LossValues evaluate(Batch logits, Targets targets, Pass pass);

    /**
     * Where logits came from.
     *
     * @param model the model
     * @param inputs its inputs
     */
    record Pass(DifferentiableClassifier model, Batch inputs) {}
}
