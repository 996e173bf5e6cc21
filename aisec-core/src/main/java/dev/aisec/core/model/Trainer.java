// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.Progress;

/** Trains a classifier after a plan. */
@FunctionalInterface
public interface Trainer {
    /**
     * Trains.
     *
     * @param model where to start; not changed
     * @param data training data
     * @param plan how
     * @param progress told after each batch
     * @return the trained classifier
     */
    TrainableClassifier train(TrainableClassifier model, Labelled data, TrainingPlan plan, Progress progress);
}
