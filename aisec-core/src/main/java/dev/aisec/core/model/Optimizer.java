// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** The update rule of training. */
public sealed interface Optimizer {
    /**
     * Returns the learning-rate schedule.
     *
     * @return the schedule
     */
    LearningRate learningRate();

    /**
     * Stochastic gradient descent with momentum: v ← μ v + g; θ ← θ − η v, with Nesterov's look-ahead θ ← θ − η (g + μ v)
     * if asked for.
     *
     * @param learningRate η
     * @param momentum μ in [0, 1); 0 is plain gradient descent
     * @param nesterov whether to look ahead
     */
    record Sgd(LearningRate learningRate, double momentum, boolean nesterov) implements Optimizer {
        /** Checks the momentum. */
        public Sgd {
            if (!(momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException("momentum must be in [0, 1), was " + momentum);
            }
        }
    }

    /**
     * Adam (Kingma, Ba, ICLR 2015, algorithm 1).
     *
     * @param learningRate α
     * @param beta1 decay of the first moment, in [0, 1)
     * @param beta2 decay of the second moment, in [0, 1)
     * @param epsilon added to the root of the second moment; positive
     */
    record Adam(LearningRate learningRate, double beta1, double beta2, double epsilon) implements Optimizer {
        /** Checks the components. */
        public Adam {
            if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException(
                        "beta1 and beta2 must be in [0, 1), were " + beta1 + " and " + beta2);
            }
            if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("epsilon must be > 0 and finite, was " + epsilon);
            }
        }

        /**
         * Adam with the paper's β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
         *
         * @param rate α, constant
         * @return the optimiser
         */
        public static Adam of(double rate) {
            return new Adam(LearningRate.constant(rate), 0.9, 0.999, 1e-8);
        }
    }
}
