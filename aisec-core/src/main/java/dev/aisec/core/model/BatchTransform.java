// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.random.RandomGenerator;

/** Changes a training batch before it is used: augmentation, noise, adversarial examples. */
@FunctionalInterface
public interface BatchTransform {
    /** Changes nothing. */
    BatchTransform NONE = (model, batch, random) -> batch;

    /**
     * The changed batch.
     *
     * @param model the model as trained so far
     * @param batch the batch; only read
     * @param random the generator of this batch
     * @return the batch to train on
     */
    Labelled apply(DifferentiableClassifier model, Labelled batch, RandomGenerator random);
}
