// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/**
 * An applicant for a loan before a population.
 *
 * @param population where everybody stands and what was decided so far
 * @param group the group of the applicant
 * @param cluster the credit cluster of the applicant
 */
public record LendingState(LendingPopulation population, int group, int cluster) implements ApplicantState {}
