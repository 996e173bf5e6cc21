// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** A result that can prove itself. */
@FunctionalInterface
public interface EvidenceSource {
    /**
     * Returns the evidence for this result.
     *
     * @return the evidence; equal for equal results
     */
    Evidence evidence();
}
