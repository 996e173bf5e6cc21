// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

/** A fitted model that gives each row a score. Above 0.5 it decides for the favourable outcome. Thread-safe. */
@FunctionalInterface
public interface Scorer {
    /**
     * Scores rows.
     *
     * @param features row-major, columns as fitted
     * @return a score in [0, 1] for each row
     */
    double[] scores(double[] features);
}
