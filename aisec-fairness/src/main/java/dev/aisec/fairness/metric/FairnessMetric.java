// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;

/** A number about decisions on groups. Immutable and thread-safe; equal cubes give equal results. */
public interface FairnessMetric {
    /**
     * Returns the name, with its direction.
     *
     * @return in snake case, for example {@code demographic_parity_difference}
     */
    String name();

    /**
     * Measures.
     *
     * @param cube the decisions
     * @return the value with its interval, or why there is none
     */
    Estimate of(GroupCube cube);
}
