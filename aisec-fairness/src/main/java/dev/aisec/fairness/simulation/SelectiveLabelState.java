// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.OptionalDouble;

/** An applicant, and the labels seen so far. Immutable. */
public final class SelectiveLabelState implements ApplicantState {
    private final int groups;
    private final int clusters;
    private final int group;
    private final int cluster;
    /** The tallies of all groups, then seen and seen qualified of each cell, then the utility. */
    final double[] values;

    SelectiveLabelState(int groups, int clusters, int group, int cluster, double[] values) {
        this.groups = groups;
        this.clusters = clusters;
        this.group = group;
        this.cluster = cluster;
        this.values = values;
    }

    static int size(int groups, int clusters) {
        return groups * (Tally.SIZE + 2 * clusters) + 1;
    }

    int cell(int ofGroup, int ofCluster) {
        return groups * Tally.SIZE + 2 * (ofGroup * clusters + ofCluster);
    }

    @Override
    public int group() {
        return group;
    }

    @Override
    public int cluster() {
        return cluster;
    }

    /**
     * How many labels of a cell were seen: those of the accepted.
     *
     * @param ofGroup the group
     * @param ofCluster the cluster
     * @return the number
     */
    public long seen(int ofGroup, int ofCluster) {
        return (long) values[cell(ofGroup, ofCluster)];
    }

    /**
     * How many of the labels seen were favourable.
     *
     * @param ofGroup the group
     * @param ofCluster the cluster
     * @return the number
     */
    public long seenQualified(int ofGroup, int ofCluster) {
        return (long) values[cell(ofGroup, ofCluster) + 1];
    }

    /**
     * Accepted over applicants: also the share of people whose label is seen.
     *
     * @param ofGroup the group
     * @return in [0, 1]; empty if nobody applied
     */
    public OptionalDouble acceptanceRate(int ofGroup) {
        return Tally.acceptanceRate(values, ofGroup * Tally.SIZE);
    }

    /**
     * Of the qualified applicants, seen or not, the share that was accepted.
     *
     * @param ofGroup the group
     * @return in [0, 1]; empty if nobody qualified applied
     */
    public OptionalDouble truePositiveRate(int ofGroup) {
        return Tally.truePositiveRate(values, ofGroup * Tally.SIZE);
    }

    /**
     * The share of favourable labels among those seen, minus the share among all: by how much the recorded data mislead about the group.
     *
     * @param ofGroup the group
     * @return in [-1, 1]; empty if nobody was accepted
     */
    public OptionalDouble labelBias(int ofGroup) {
        int at = ofGroup * Tally.SIZE;
        OptionalDouble seen =
                SimulationMetric.ratio(values[at + Tally.QUALIFIED_ACCEPTED], values[at + Tally.ACCEPTED]);
        return seen.isEmpty()
                ? seen
                : OptionalDouble.of(seen.getAsDouble() - values[at + Tally.QUALIFIED] / values[at + Tally.APPLICANTS]);
    }

    /**
     * The sum of the rewards.
     *
     * @return in units of a loan; may be negative
     */
    public double utility() {
        return values[values.length - 1];
    }
}
