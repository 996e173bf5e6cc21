// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.FeedForward;
import dev.aisec.robustness.attack.Norm;

/**
 * Proves lower bounds of the margins of a network over a ball around each example.
 *
 * <p>Guarantee: {@link Margins#lower} is at most z_label − z_other at every input of the ball inside the network's bounds,
 * in real arithmetic, rounding here included. Deterministic; the result for a row does not depend on the others. A bound
 * that is not positive proves nothing, neither way.
 */
public interface Certifier {
    /**
     * Returns the norm of the ball.
     *
     * @return the norm
     */
    Norm norm();

    /**
     * Returns the radius of the ball.
     *
     * @return in units of the inputs
     */
    double epsilon();

    /**
     * The same in another ball.
     *
     * @param epsilon the radius, at least 0 and finite
     * @return the certifier
     */
    Certifier withEpsilon(double epsilon);

    /**
     * Bounds the margins around each example.
     *
     * @param network the network
     * @param inputs examples inside the network's bounds
     * @param labels the class that should win, for each example
     * @return the bounds
     * @throws IllegalArgumentException if the inputs or labels do not fit, or an input lies outside the bounds
     */
    Margins bound(FeedForward network, Batch inputs, int[] labels);
}
