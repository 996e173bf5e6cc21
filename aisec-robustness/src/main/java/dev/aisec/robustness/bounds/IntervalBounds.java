// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.FeedForward;
import dev.aisec.robustness.attack.Norm;

/**
 * Interval bound propagation: a box through every layer, centre W c + b and radius |W| r; the margin goes into the last
 * affine layers, so that what two logits share cancels.
 *
 * <p>Guarantee: see {@link Certifier}. It takes about as long as four forward passes and grows loose with every layer: use
 * it on networks that were trained with it, and {@link Crown} on others. The bounds fall as the radius grows. For L1 and L2
 * the box around the ball goes in, except where the network is affine, so that little is proved.
 *
 * <p>Source: Gowal, Dvijotham, Stanforth, Bunel, Qin, Uesato, Arandjelović, Mann, Kohli, Scalable Verified Training for
 * Provably Robust Image Classification, ICCV 2019 (arXiv:1810.12715, 2018), section 3. Clause 7.3.2-5.
 *
 * @param norm norm of the ball
 * @param epsilon radius of the ball, in units of the inputs; at least 0 and finite
 */
public record IntervalBounds(Norm norm, double epsilon) implements Certifier {
    /** Checks the radius. */
    public IntervalBounds {
        requireNorm(norm);
        requireRadius(epsilon);
    }

    /**
     * In the norm that intervals are made for.
     *
     * @param epsilon radius of the L∞ ball, in units of the inputs; at least 0 and finite
     * @return the certifier
     */
    public static IntervalBounds of(double epsilon) {
        return new IntervalBounds(Norm.LINF, epsilon);
    }

    static void requireNorm(Norm norm) {
        if (norm == Norm.L0) {
            throw new IllegalArgumentException("norm must be L1, L2 or LINF, was L0");
        }
    }

    static void requireRadius(double epsilon) {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be >= 0 and finite, was " + epsilon);
        }
    }

    @Override
    public IntervalBounds withEpsilon(double other) {
        return new IntervalBounds(norm, other);
    }

    @Override
    public Margins bound(FeedForward network, Batch inputs, int[] labels) {
        BoundPass.check(network, inputs, labels);
        return new BoundPass(network, norm, epsilon).run(inputs, labels, false, false);
    }
}
