// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Evidence;
import java.util.List;

/**
 * What is assessed, with the evidence about it.
 *
 * @param name short name, a column of the report
 * @param evidence in the order it was gathered
 */
public record Subject(String name, List<Evidence> evidence) {
    /** Copies the list. */
    public Subject {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        evidence = List.copyOf(evidence);
    }
}
