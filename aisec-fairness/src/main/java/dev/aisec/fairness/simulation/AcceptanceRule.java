// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;

/**
 * How likely an applicant of a group and a score cluster is accepted. Immutable.
 *
 * <p>The rules made here accept the clusters most likely to be qualified first, and draw lots inside the cluster at the boundary. For
 * a given population they are exact: the best utility under the criterion is a concave, piecewise linear function of the common rate,
 * and its maximum is found by walking over the breakpoints, not over a grid. Of several best rates the lowest is taken. An empty
 * cluster above the boundary is accepted.
 *
 * <p>Limit: the rule is right for the population it was made for. When decisions move the population, {@link AdaptiveThreshold} makes it anew.
 *
 * <p>Source: L. T. Liu, S. Dean, E. Rolf, M. Simchowitz, M. Hardt, Delayed impact of fair machine learning, ICML 2018, section 2 and
 * theorem 3.3; M. Hardt, E. Price, N. Srebro, Equality of opportunity in supervised learning, NeurIPS 2016.
 */
public final class AcceptanceRule {
    private static final double TOLERANCE = 1e-12;

    final int groups;
    final int clusters;
    final double[] accept;

    private AcceptanceRule(int groups, int clusters, double[] accept) {
        this.groups = groups;
        this.clusters = clusters;
        this.accept = accept;
    }

    /**
     * A rule by its probabilities.
     *
     * @param accept for each group, for each cluster, how likely an applicant is accepted, in [0, 1]; of all groups as many clusters
     * @return the rule
     */
    public static AcceptanceRule of(double[][] accept) {
        if (accept.length == 0 || accept[0].length == 0) {
            throw new IllegalArgumentException("accept must have at least one group and cluster, had none");
        }
        int clusters = accept[0].length;
        double[] all = new double[accept.length * clusters];
        for (int g = 0; g < accept.length; g++) {
            Checks.size("accept of group " + g, "clusters", clusters, accept[g].length);
            for (int c = 0; c < clusters; c++) {
                Checks.share("accept", accept[g][c]);
                all[g * clusters + c] = accept[g][c];
            }
        }
        return new AcceptanceRule(accept.length, clusters, all);
    }

    /**
     * The best rule under a criterion.
     *
     * @param criterion the criterion
     * @param population the population
     * @param interest what a loan that is repaid earns, where one that is not loses 1; &gt; 0
     * @return the rule
     * @throws IllegalArgumentException for {@link DecisionCriterion#EQUAL_OPPORTUNITY} if a group has nobody qualified: its true
     *     positive rate is undefined
     */
    public static AcceptanceRule best(DecisionCriterion criterion, ClusterPopulation population, double interest) {
        Checks.positive("interest", interest);
        return best(criterion, population, population.masses(), interest);
    }

    /**
     * The rule that accepts a given share of each group.
     *
     * @param population the population
     * @param rates the acceptance rate of each group, in [0, 1]
     * @return the rule
     */
    public static AcceptanceRule atAcceptanceRates(ClusterPopulation population, double... rates) {
        return at(population, rates, false);
    }

    /**
     * The rule that accepts a given share of the qualified of each group.
     *
     * @param population the population; each group has somebody qualified
     * @param rates the true positive rate of each group, in [0, 1]
     * @return the rule
     */
    public static AcceptanceRule atTruePositiveRates(ClusterPopulation population, double... rates) {
        return at(population, rates, true);
    }

    private static AcceptanceRule at(ClusterPopulation population, double[] rates, boolean ofQualified) {
        Checks.size("rates", "groups", population.groups(), rates.length);
        int size = population.clusters();
        double[] masses = population.masses();
        double[] accept = new double[masses.length];
        int[] order = order(population);
        for (int g = 0; g < rates.length; g++) {
            Checks.share("rates", rates[g]);
            fill(order, widths(population, masses, g, ofQualified), rates[g], accept, g * size);
        }
        return new AcceptanceRule(rates.length, size, accept);
    }

    static AcceptanceRule best(
            DecisionCriterion criterion, ClusterPopulation population, double[] masses, double interest) {
        int groups = population.groups();
        int size = population.clusters();
        double[] accept = new double[masses.length];
        if (criterion == DecisionCriterion.MAXIMUM_UTILITY) {
            for (int i = 0; i < accept.length; i++) {
                accept[i] = profit(population.qualified(i % size), interest) > TOLERANCE ? 1 : 0;
            }
            return new AcceptanceRule(groups, size, accept);
        }
        boolean ofQualified = criterion == DecisionCriterion.EQUAL_OPPORTUNITY;
        int[] order = order(population);
        double[][] widths = new double[groups][];
        double[] qualified = new double[groups];
        for (int g = 0; g < groups; g++) {
            widths[g] = widths(population, masses, g, ofQualified);
            qualified[g] = qualified(population, masses, g);
        }
        // Walk up the common rate. The slope only falls, so the first piece that does not gain ends the walk.
        int[] place = new int[groups];
        double[] passed = new double[groups];
        double rate = 0;
        while (true) {
            double next = Double.POSITIVE_INFINITY;
            double slope = 0;
            for (int g = 0; g < groups; g++) {
                // What is left of a cluster but for rounding would end the walk: no number lies between.
                while (place[g] < size && widths[g][order[place[g]]] <= TOLERANCE) {
                    place[g]++;
                }
                if (place[g] == size) {
                    next = rate;
                    break;
                }
                double p = population.qualified(order[place[g]]);
                double gain = profit(p, interest);
                slope += population.share(g) * (ofQualified ? gain / p * qualified[g] : gain);
                next = Math.min(next, passed[g] + widths[g][order[place[g]]]);
            }
            if (next <= rate || slope <= TOLERANCE) {
                break;
            }
            for (int g = 0; g < groups; g++) {
                double end = passed[g] + widths[g][order[place[g]]];
                if (end <= next + TOLERANCE) {
                    passed[g] = end;
                    place[g]++;
                }
            }
            rate = next;
        }
        for (int g = 0; g < groups; g++) {
            fill(order, widths[g], rate, accept, g * size);
        }
        return new AcceptanceRule(groups, size, accept);
    }

    static double profit(double qualified, double interest) {
        return qualified * interest - (1 - qualified);
    }

    /** The clusters, most qualified first; of equals the higher score first. */
    private static int[] order(ClusterPopulation population) {
        int size = population.clusters();
        int[] order = new int[size];
        for (int c = 0; c < size; c++) {
            int at = c;
            while (at > 0 && population.qualified(order[at - 1]) <= population.qualified(c)) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = c;
        }
        return order;
    }

    /** What each cluster adds to the rate of its group. */
    private static double[] widths(ClusterPopulation population, double[] masses, int group, boolean ofQualified) {
        int size = population.clusters();
        double total = ofQualified ? qualified(population, masses, group) : 1;
        if (!(total > 0)) {
            throw new IllegalArgumentException("true positive rate must be defined, but nobody is qualified in "
                    + population.space().name(group));
        }
        double[] widths = new double[size];
        for (int c = 0; c < size; c++) {
            double mass = masses[group * size + c];
            widths[c] = ofQualified ? mass * population.qualified(c) / total : mass;
        }
        return widths;
    }

    private static double qualified(ClusterPopulation population, double[] masses, int group) {
        int size = population.clusters();
        double sum = 0;
        for (int c = 0; c < size; c++) {
            sum += masses[group * size + c] * population.qualified(c);
        }
        return sum;
    }

    private static void fill(int[] order, double[] widths, double rate, double[] accept, int from) {
        double rest = rate;
        for (int c : order) {
            if (rest <= TOLERANCE) {
                break;
            }
            boolean whole = rest >= widths[c] - TOLERANCE;
            accept[from + c] = whole ? 1 : rest / widths[c];
            rest = whole ? rest - widths[c] : 0;
        }
    }

    /**
     * How likely an applicant is accepted.
     *
     * @param group the group
     * @param cluster the score cluster
     * @return in [0, 1]
     */
    public double accept(int group, int cluster) {
        Checks.group(group, groups);
        if (cluster < 0 || cluster >= clusters) {
            throw new IllegalArgumentException("cluster must be in [0, " + clusters + "), was " + cluster);
        }
        return accept[group * clusters + cluster];
    }

    void requireShape(ClusterPopulation population) {
        if (groups != population.groups() || clusters != population.clusters()) {
            throw new IllegalArgumentException("rule must be for " + population.groups() + " groups and "
                    + population.clusters() + " clusters, was for " + groups + " and " + clusters);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AcceptanceRule that
                && groups == that.groups
                && clusters == that.clusters
                && Arrays.equals(accept, that.accept);
    }

    @Override
    public int hashCode() {
        return 31 * groups + Arrays.hashCode(accept);
    }

    @Override
    public String toString() {
        return "AcceptanceRule[groups=" + groups + ", accept=" + Arrays.toString(accept) + "]";
    }
}
