// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * A population of groups over score clusters. Cluster 0 has the lowest score; the score of a cluster is its number. How likely
 * somebody is qualified (repays, graduates) depends on the cluster alone. Immutable; the arrays are copied.
 */
public final class ClusterPopulation {
    private final GroupSpace space;
    private final double[] shares;
    private final double[][] clusters;
    private final double[] qualified;

    private ClusterPopulation(GroupSpace space, double[] shares, double[][] clusters, double[] qualified) {
        this.space = space;
        this.shares = shares;
        this.clusters = clusters;
        this.qualified = qualified;
    }

    /**
     * A population.
     *
     * @param space the groups
     * @param shares the share of each group among those who come, in [0, 1], summing to 1
     * @param clusters for each group the share of each cluster, in [0, 1], summing to 1; at least one cluster, of all groups as many
     * @param qualified for each cluster how likely somebody in it is qualified, in [0, 1]
     * @return the population
     */
    public static ClusterPopulation of(GroupSpace space, double[] shares, double[][] clusters, double[] qualified) {
        Checks.size("shares", "groups", space.size(), shares.length);
        Checks.distribution("shares", shares);
        Checks.size("clusters", "groups", space.size(), clusters.length);
        if (qualified.length == 0) {
            throw new IllegalArgumentException("qualified must be at least one, were none");
        }
        double[][] copy = new double[clusters.length][];
        for (int g = 0; g < copy.length; g++) {
            Checks.size("clusters of " + space.name(g), "qualified", qualified.length, clusters[g].length);
            Checks.distribution("clusters of " + space.name(g), clusters[g]);
            copy[g] = clusters[g].clone();
        }
        for (double probability : qualified) {
            Checks.share("qualified", probability);
        }
        return new ClusterPopulation(space, shares.clone(), copy, qualified.clone());
    }

    /**
     * The population of seven credit clusters with two groups of equal share, of which group 1 starts with lower scores: the example of the
     * delayed-impact environment of ML-fairness-gym (A. D'Amour et al., Fairness is not static, FAT* 2020), after L. T. Liu et al., Delayed
     * impact of fair machine learning, ICML 2018.
     *
     * @return the population; the groups are {@code group=0} and {@code group=1}
     */
    public static ClusterPopulation creditClusters() {
        return of(
                GroupSpace.of("group", "0", "1"),
                new double[] {0.5, 0.5},
                new double[][] {{0, 0.1, 0.1, 0.2, 0.3, 0.3, 0}, {0.1, 0.1, 0.2, 0.3, 0.3, 0, 0}},
                new double[] {0.1, 0.2, 0.45, 0.6, 0.65, 0.7, 0.7});
    }

    /**
     * Returns the groups.
     *
     * @return the space
     */
    public GroupSpace space() {
        return space;
    }

    /**
     * Returns how many clusters there are.
     *
     * @return at least 1
     */
    public int clusters() {
        return qualified.length;
    }

    /**
     * The share of a group among those who come.
     *
     * @param group number of the group
     * @return in [0, 1]
     */
    public double share(int group) {
        return shares[group];
    }

    /**
     * The share of a cluster in a group.
     *
     * @param group number of the group
     * @param cluster number of the cluster
     * @return in [0, 1]
     */
    public double mass(int group, int cluster) {
        return clusters[group][cluster];
    }

    /**
     * How likely somebody in a cluster is qualified.
     *
     * @param cluster number of the cluster
     * @return in [0, 1]
     */
    public double qualified(int cluster) {
        return qualified[cluster];
    }

    int groups() {
        return shares.length;
    }

    /** The clusters of all groups in one array, a group after the other. */
    double[] masses() {
        int size = qualified.length;
        double[] all = new double[shares.length * size];
        for (int g = 0; g < shares.length; g++) {
            System.arraycopy(clusters[g], 0, all, g * size, size);
        }
        return all;
    }

    int drawGroup(RandomGenerator random) {
        return pick(shares, 0, shares.length, random.nextDouble());
    }

    int drawCluster(int group, RandomGenerator random) {
        return pick(clusters[group], 0, qualified.length, random.nextDouble());
    }

    /** The place at which the running sum of weights that sum to 1 passes u; never one of weight 0. */
    static int pick(double[] weights, int from, int size, double u) {
        double rest = u;
        int last = 0;
        for (int i = 0; i < size; i++) {
            double weight = weights[from + i];
            if (weight > 0) {
                if (rest < weight) {
                    return i;
                }
                rest -= weight;
                last = i;
            }
        }
        return last; // Rounding left a sum a little below 1.
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClusterPopulation that
                && space.equals(that.space)
                && Arrays.equals(shares, that.shares)
                && Arrays.deepEquals(clusters, that.clusters)
                && Arrays.equals(qualified, that.qualified);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * space.hashCode() + Arrays.deepHashCode(clusters)) + Arrays.hashCode(qualified);
    }

    @Override
    public String toString() {
        return "ClusterPopulation[space=" + space + ", shares=" + Arrays.toString(shares) + ", clusters="
                + Arrays.deepToString(clusters) + ", qualified=" + Arrays.toString(qualified) + "]";
    }
}
