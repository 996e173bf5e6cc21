// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** A detector whose score has a gradient, so that adaptive attacks can be tried on it. */
public interface DifferentiableDetector extends Detector {
    /**
     * The derivative of each row's score with respect to the row.
     *
     * @param inputs examples
     * @return in their shape
     */
    Batch scoreGradient(Batch inputs);
}
