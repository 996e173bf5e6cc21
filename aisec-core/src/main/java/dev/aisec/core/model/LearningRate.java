// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** A learning-rate schedule. */
@FunctionalInterface
public interface LearningRate {
    /**
     * The learning rate of a step.
     *
     * @param step number of the step, from 0
     * @param steps steps in all
     * @return positive and finite
     */
    double at(long step, long steps);

    /**
     * The same rate for every step.
     *
     * @param rate positive and finite
     * @return the schedule
     */
    static LearningRate constant(double rate) {
        if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("rate must be > 0 and finite, was " + rate);
        }
        return (step, steps) -> rate;
    }

    /**
     * Half a cosine from {@code rate} down to 0 (Loshchilov, Hutter, SGDR, ICLR 2017, without restarts).
     *
     * @param rate rate of the first step; positive and finite
     * @return the schedule
     */
    static LearningRate cosine(double rate) {
        constant(rate);
        return (step, steps) -> rate * 0.5 * (1 + Math.cos(Math.PI * step / Math.max(1, steps)));
    }
}
