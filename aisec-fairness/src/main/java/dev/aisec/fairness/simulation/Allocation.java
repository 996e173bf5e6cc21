// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;

/** How many units of attention each group gets. Immutable. */
public final class Allocation {
    private final int[] units;

    private Allocation(int[] units) {
        this.units = units;
    }

    /**
     * An allocation.
     *
     * @param units for each group the number of units; &gt;= 0; at least one group
     * @return the allocation
     */
    public static Allocation of(int... units) {
        if (units.length == 0) {
            throw new IllegalArgumentException("units must be at least one, were none");
        }
        for (int unit : units) {
            Checks.atLeast("units", 0, unit);
        }
        return new Allocation(units.clone());
    }

    /**
     * The allocation that discovers most in expectation among those whose discovery probabilities differ by at most {@code alpha}. The discovery
     * probability of a group is the expected share of incidents that is discovered, {@code E[min(units, incidents)] / E[incidents]}, with incidents that are
     * Poisson.
     *
     * <p>Exact: the lowest probability of the best allocation is that of some group at some number of units; for each of these the units
     * that keep all groups within alpha form a box, in which the greedy choice is optimal since returns diminish. A group without incidents has no
     * probability and gets no units. Units that would break the bound stay unused; since
     * units are whole, a small alpha can leave nearly all of them unused. Of equal allocations that with the lowest probability smallest is taken.
     *
     * <p>Source: H. Elzayn, S. Jabbari, C. Jung, M. Kearns, S. Neel, A. Roth, Z. Schutzman, Fair algorithms for learning in allocation problems, FAT*
     * 2019, sections 3 and 4.
     *
     * @param rates for each group the expected number of incidents in a round, in [0, 500]
     * @param units how many units there are; in [0, 10000]
     * @param alpha the most that discovery probabilities may differ, in [0, 1]; 1 for no constraint
     * @return the allocation
     */
    public static Allocation best(double[] rates, int units, double alpha) {
        AttentionEnvironment.requireRates(rates);
        AttentionEnvironment.requireUnits(units);
        Checks.share("alpha", alpha);
        return new Allocation(new AllocationPlanner(rates, units, alpha).best());
    }

    /**
     * The expected share of the incidents of a group that is discovered.
     *
     * @param rate the expected number of incidents in a round, in (0, 500]
     * @param units the units of the group; in [0, 10000]
     * @return in [0, 1]
     */
    public static double discoveryProbability(double rate, int units) {
        Checks.positive("rate", rate);
        AttentionEnvironment.requireRates(rate);
        AttentionEnvironment.requireUnits(units);
        return AllocationPlanner.discoveries(rate, units)[units] / rate;
    }

    /**
     * The units of a group.
     *
     * @param group number of the group
     * @return at least 0
     */
    public int units(int group) {
        return units[group];
    }

    /**
     * Returns how many groups there are.
     *
     * @return at least 1
     */
    public int groups() {
        return units.length;
    }

    int total() {
        return Math.toIntExact(Arrays.stream(units).asLongStream().sum());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Allocation that && Arrays.equals(units, that.units);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(units);
    }

    @Override
    public String toString() {
        return "Allocation" + Arrays.toString(units);
    }
}
