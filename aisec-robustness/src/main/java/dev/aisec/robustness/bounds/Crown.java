// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.FeedForward;
import dev.aisec.robustness.attack.Norm;

/**
 * Linear bounds of the margins, carried backward to the input: CROWN, with the adaptive lower slope of each open ReLU.
 *
 * <p>Guarantee: see {@link Certifier}. On an affine network the bounds are exact but for rounding. The result is never below
 * that of {@link IntervalBounds}, which is made on the way. It is incomplete: what is true may not be proved, the more so
 * the larger the radius and the deeper the network.
 *
 * <p>Where the sign of z in [l, u] is open, α z ≤ relu(z) ≤ u (z − l) / (u − l), with α = 1 if u &gt; −l, else 0 (for leaky
 * ReLU its slope). Going back, a positive coefficient takes the lower line and a negative one the upper; at the input,
 * min a · x = a · x₀ − ε ‖a‖_q with the dual norm, or the minimum over the box that cuts the ball with the bounds, if that
 * is more. The l and u of each layer are found the same way where the interval leaves the sign open. A maximum of a window
 * lies above its cell with the largest lower bound, and below a line in its cell with the largest upper bound; what other
 * cells do is lost, so that average pooling is certified far better.
 *
 * <p>Cost for an example: one backward product for every two open neurons of each layer, down to the input.
 *
 * <p>Source: Zhang, Weng, Chen, Hsieh, Daniel, Efficient Neural Network Robustness Certification with General Activation
 * Functions, NeurIPS 2018; backward form for any layer: Xu et al., Automatic Perturbation Analysis for Scalable Certified
 * Robustness and Beyond, NeurIPS 2020. Clause 7.3.2-5.
 *
 * @param norm norm of the ball
 * @param epsilon radius of the ball, in units of the inputs; at least 0 and finite
 * @param intermediate where the bounds of the hidden layers come from
 */
public record Crown(Norm norm, double epsilon, Intermediate intermediate) implements Certifier {
    /** Where the bounds of the hidden layers come from. */
    public enum Intermediate {
        /** From backward passes of their own; tight. */
        LINEAR,
        /** From intervals; fast and loose (CROWN-IBP; Zhang et al., Towards Stable and Efficient Training of Verifiably
         * Robust Neural Networks, ICLR 2020). */
        INTERVAL
    }

    /** Checks the radius. */
    public Crown {
        IntervalBounds.requireNorm(norm);
        IntervalBounds.requireRadius(epsilon);
    }

    /**
     * With tight bounds of the hidden layers.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball, in units of the inputs; at least 0 and finite
     * @return the certifier
     */
    public static Crown of(Norm norm, double epsilon) {
        return new Crown(norm, epsilon, Intermediate.LINEAR);
    }

    @Override
    public Crown withEpsilon(double other) {
        return new Crown(norm, other, intermediate);
    }

    /**
     * The same with other bounds of the hidden layers.
     *
     * @param other where they come from
     * @return the certifier
     */
    public Crown withIntermediate(Intermediate other) {
        return new Crown(norm, epsilon, other);
    }

    @Override
    public Margins bound(FeedForward network, Batch inputs, int[] labels) {
        BoundPass.check(network, inputs, labels);
        return new BoundPass(network, norm, epsilon).run(inputs, labels, intermediate == Intermediate.LINEAR, true);
    }
}
