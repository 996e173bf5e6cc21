// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.Seed;

/**
 * How to train: adversarial, private and fair training are values of this type, not other trainers.
 *
 * @param sampler which rows make up a batch
 * @param transform what happens to a batch before it is used
 * @param loss the loss; its mean over a batch is minimised
 * @param regularizer added to the loss
 * @param gradientTransform what happens to the gradient before the step
 * @param optimizer update rule and learning rate
 * @param epochs passes over the data; at least 1
 * @param seed seed of every draw
 */
public record TrainingPlan(
        BatchSampler sampler,
        BatchTransform transform,
        Loss loss,
        Regularizer regularizer,
        GradientTransform gradientTransform,
        Optimizer optimizer,
        int epochs,
        Seed seed) {
    /** Checks the number of epochs. */
    public TrainingPlan {
        if (epochs < 1) {
            throw new IllegalArgumentException("epochs must be >= 1, was " + epochs);
        }
    }

    /**
     * Plain training: shuffled batches, cross-entropy, Adam.
     *
     * @param batchSize rows in a batch
     * @param learningRate Adam's α
     * @param epochs passes over the data
     * @param seed seed of every draw
     * @return the plan
     */
    public static TrainingPlan of(int batchSize, double learningRate, int epochs, Seed seed) {
        return new TrainingPlan(
                BatchSampler.shuffled(batchSize),
                BatchTransform.NONE,
                new CrossEntropyLoss(),
                Regularizer.NONE,
                GradientTransform.NONE,
                Optimizer.Adam.of(learningRate),
                epochs,
                seed);
    }

    /**
     * The same plan with another batch transform.
     *
     * @param other the transform
     * @return the plan
     */
    public TrainingPlan withTransform(BatchTransform other) {
        return new TrainingPlan(sampler, other, loss, regularizer, gradientTransform, optimizer, epochs, seed);
    }

    /**
     * The same plan with another optimiser.
     *
     * @param other the optimiser
     * @return the plan
     */
    public TrainingPlan withOptimizer(Optimizer other) {
        return new TrainingPlan(sampler, transform, loss, regularizer, gradientTransform, other, epochs, seed);
    }

    /**
     * The same plan with another loss.
     *
     * @param other the loss
     * @return the plan
     */
    public TrainingPlan withLoss(Loss other) {
        return new TrainingPlan(sampler, transform, other, regularizer, gradientTransform, optimizer, epochs, seed);
    }
}
