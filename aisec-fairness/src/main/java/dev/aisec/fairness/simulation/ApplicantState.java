// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/** A state in which an applicant waits for a decision. */
public interface ApplicantState {
    /**
     * The group of the applicant.
     *
     * @return its number
     */
    int group();

    /**
     * The score of the applicant.
     *
     * @return the number of the cluster; cluster 0 has the lowest score
     */
    int cluster();
}
