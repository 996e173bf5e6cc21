// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

/**
 * A learner of weighted classification: what {@link ExponentiatedGradient} and {@link GridSearch} ask again and again, with other
 * labels and weights. Equal arguments must give equal models.
 */
@FunctionalInterface
public interface CostSensitiveLearner {
    /**
     * Fits a model with a small weighted error. The ideal learner minimises the sum of the weights of wrongly decided rows.
     *
     * @param features row-major; only read
     * @param columns number of columns; at least 1
     * @param favourable the wanted decision of each row; only read. All may be equal
     * @param weights the cost of deciding a row wrongly, at least 0; only read. All may be 0
     * @return the model
     */
    Scorer fit(double[] features, int columns, boolean[] favourable, double[] weights);
}
