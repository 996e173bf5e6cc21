// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.OptionalDouble;

/**
 * Where the people of a lending simulation stand and what was decided so far. In a sampled run the numbers are counts; in a
 * {@link LendingMeanField} they are expectations. Immutable.
 */
public final class LendingPopulation {
    final int groups;
    final int clusters;
    /** The masses of all groups, then the tallies of all groups, then the cash. */
    final double[] values;

    LendingPopulation(int groups, int clusters, double[] values) {
        this.groups = groups;
        this.clusters = clusters;
        this.values = values;
    }

    static LendingPopulation start(ClusterPopulation population) {
        int groups = population.groups();
        int clusters = population.clusters();
        double[] values = new double[groups * (clusters + Tally.SIZE) + 1];
        System.arraycopy(population.masses(), 0, values, 0, groups * clusters);
        return new LendingPopulation(groups, clusters, values);
    }

    int tally(int group) {
        return groups * clusters + group * Tally.SIZE;
    }

    /**
     * The share of a group that stands in a cluster.
     *
     * @param group number of the group
     * @param cluster number of the cluster
     * @return in [0, 1]
     */
    public double mass(int group, int cluster) {
        if (cluster < 0 || cluster >= clusters) {
            throw new IllegalArgumentException("cluster must be in [0, " + clusters + "), was " + cluster);
        }
        return values[group * clusters + cluster];
    }

    /**
     * The mean score of a group.
     *
     * @param group number of the group
     * @return the mean number of the cluster
     */
    public double meanScore(int group) {
        double sum = 0;
        for (int c = 1; c < clusters; c++) {
            sum += c * values[group * clusters + c];
        }
        return sum;
    }

    /**
     * How many of a group applied so far.
     *
     * @param group number of the group
     * @return the number
     */
    public double applicants(int group) {
        return values[tally(group) + Tally.APPLICANTS];
    }

    /**
     * How many of a group were accepted so far.
     *
     * @param group number of the group
     * @return the number
     */
    public double accepted(int group) {
        return values[tally(group) + Tally.ACCEPTED];
    }

    /**
     * Accepted over applicants.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if nobody applied
     */
    public OptionalDouble acceptanceRate(int group) {
        return Tally.acceptanceRate(values, tally(group));
    }

    /**
     * Of the applicants who would repay, the share that was accepted.
     *
     * @param group number of the group
     * @return in [0, 1]; empty if nobody who would repay applied
     */
    public OptionalDouble truePositiveRate(int group) {
        return Tally.truePositiveRate(values, tally(group));
    }

    /**
     * What the bank earned so far.
     *
     * @return in units of a loan; may be negative
     */
    public double utility() {
        return values[values.length - 1];
    }
}
