// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/** Gives inputs a score of suspicion. Thread-safe. */
@FunctionalInterface
public interface Detector {
    /**
     * The scores.
     *
     * @param inputs examples
     * @return a finite score for each; higher is more suspicious
     */
    double[] scores(Batch inputs);
}
