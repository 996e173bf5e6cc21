// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.function.UnaryOperator;

/** A classifier with readable parameters and their gradient. Immutable: changed parameters give another classifier. */
public interface TrainableClassifier extends DifferentiableClassifier {
    /**
     * Where each tensor stands in the parameter vector.
     *
     * @return the layout
     */
    ParameterLayout layout();

    /**
     * The parameters.
     *
     * @return a copy, in the order of {@link #layout()}
     */
    float[] parameters();

    /**
     * The same classifier with other parameters.
     *
     * @param parameters as many as {@code layout().size()}, finite; copied
     * @return a new classifier
     */
    TrainableClassifier withParameters(float[] parameters);

    /**
     * One forward and one backward pass in inference mode: the derivative with respect to the parameters of Σ_i Σ_c
     * cotangent[i, c] · logits[i, c], the cotangent held fixed.
     *
     * @param inputs examples
     * @param cotangentOfLogits called once with the logits of all rows
     * @return logits and gradient, summed over the rows
     */
    ParameterGradient parameterGradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits);
}
