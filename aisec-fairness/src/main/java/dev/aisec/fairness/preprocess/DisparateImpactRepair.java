// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Disparate-impact repair: moves a numeric feature so that it has the same distribution in every group, and keeps the order within
 * each group.
 *
 * <p>A value at quantile u of its group moves to the median, over the groups, of their quantiles at u. Quantiles are those of the
 * observations, not of the distinct values. Tied values share an interval of quantiles; a random order, fixed by the seed, spreads them
 * over it. (Without that a large tie stays one lump, and quantiles over distinct values can even move groups apart.) So equal inputs
 * may get different outputs.
 *
 * <p>Guarantee, on the fitted rows: at level 1 the largest distance between the distribution functions of two groups (Kolmogorov and
 * Smirnov) is at most {@link Fitted#gapBound()}; at level λ the Wasserstein distances between groups are (1 − λ) times what they
 * were, but for the grid of quantiles. A level below 1 promises nothing about the Kolmogorov-Smirnov distance. One feature at a time:
 * two repaired features together may still give the group away.
 *
 * <p>Source: Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian, "Certifying and removing disparate impact", KDD 2015,
 * section 5 (geometric repair). Clause 7.3.3-4 of ITU-T XSTR-SEC-AI.
 *
 * @param level repair level in [0, 1]; 0 changes nothing
 * @param seed seed of the order of tied values
 */
public record DisparateImpactRepair(double level, Seed seed) {
    /** Checks the level. */
    public DisparateImpactRepair {
        Checks.share("level", level);
    }

    /**
     * Full repair.
     *
     * @param seed seed of the order of tied values
     * @return the repair at level 1
     */
    public static DisparateImpactRepair of(Seed seed) {
        return new DisparateImpactRepair(1, seed);
    }

    /**
     * Partial repair.
     *
     * @param changed repair level in [0, 1]
     * @return the repair at that level
     */
    public DisparateImpactRepair withLevel(double changed) {
        return new DisparateImpactRepair(changed, seed);
    }

    /**
     * Learns the distributions.
     *
     * @param space the groups
     * @param groups the group of each row
     * @param values the feature of each row; finite
     * @return the fitted repair
     */
    public Fitted fit(GroupSpace space, int[] groups, double[] values) {
        requireRows(space, groups, values);
        return new Fitted(this, space, groups, values);
    }

    private static void requireRows(GroupSpace space, int[] groups, double[] values) {
        Checks.size("values", "groups", groups.length, values.length);
        Checks.groups(groups, space.size());
        Checks.finite("values", values);
    }

    /** The distributions of one feature. Immutable. */
    public static final class Fitted {
        private final DisparateImpactRepair repair;
        private final GroupSpace space;
        private final double[][] sorted;
        private final double[][] present;
        private final double[] repaired;

        private Fitted(DisparateImpactRepair repair, GroupSpace space, int[] groups, double[] values) {
            this.repair = repair;
            this.space = space;
            int[][] members = Cells.members(groups, space.size());
            sorted = new double[members.length][];
            for (int g = 0; g < members.length; g++) {
                sorted[g] = new double[members[g].length];
                for (int i = 0; i < members[g].length; i++) {
                    // Adding 0 makes −0 and 0 one tie.
                    sorted[g][i] = values[members[g][i]] + 0.0;
                }
                Arrays.sort(sorted[g]);
            }
            present = Arrays.stream(sorted).filter(s -> s.length > 0).toArray(double[][]::new);
            repaired = new double[values.length];
            double[] scratch = new double[present.length];
            for (int g = 0; g < members.length; g++) {
                repairGroup(members[g], sorted[g], values, repair.seed.generator(g), scratch);
            }
        }

        private void repairGroup(
                int[] rows, double[] order, double[] values, RandomGenerator random, double[] scratch) {
            int n = rows.length;
            // Shuffled rows take the places of their tie in turn: a random order within ties.
            Cells.shuffle(rows, random);
            int[] taken = new int[n];
            for (int row : rows) {
                double value = values[row] + 0.0;
                int first = firstAtLeast(order, value);
                int rank = first + taken[first]++;
                repaired[row] = move(value, (rank + 0.5) / n, scratch);
            }
        }

        private double move(double value, double u, double[] scratch) {
            double target = target(u, scratch);
            return repair.level == 1 ? target : value + repair.level * (target - value);
        }

        private double target(double u, double[] scratch) {
            for (int g = 0; g < present.length; g++) {
                int n = present[g].length;
                scratch[g] = present[g][Math.max(0, Math.min(n - 1, (int) Math.ceil(u * n) - 1))];
            }
            Arrays.sort(scratch);
            int middle = scratch.length / 2;
            return scratch.length % 2 == 1 ? scratch[middle] : 0.5 * scratch[middle - 1] + 0.5 * scratch[middle];
        }

        private static int firstAtLeast(double[] order, double value) {
            int low = 0;
            int high = order.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (order[middle] < value) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        /**
         * Returns the repaired feature of the fitted rows.
         *
         * @return a copy
         */
        public double[] repaired() {
            return repaired.clone();
        }

        /**
         * Repairs new rows by the fitted distributions. The quantile of row i within its tie is drawn from stream i of the seed.
         *
         * @param groups the group of each row; one that had fitted rows
         * @param values the feature of each row; finite
         * @return the repaired feature
         */
        public double[] repair(int[] groups, double[] values) {
            requireRows(space, groups, values);
            double[] result = new double[values.length];
            double[] scratch = new double[present.length];
            Seed later = repair.seed.derive("new rows");
            for (int i = 0; i < values.length; i++) {
                double[] order = sorted[groups[i]];
                if (order.length == 0) {
                    throw new IllegalArgumentException(
                            "groups must have fitted rows, row " + i + " was " + space.name(groups[i]));
                }
                double value = values[i] + 0.0;
                int below = firstAtLeast(order, value);
                int upTo = firstAtLeast(order, Math.nextUp(value));
                double within = upTo > below + 1 ? later.generator(i).nextDouble() : 0.5;
                result[i] = move(value, (below + (upTo - below) * within) / order.length, scratch);
            }
            return result;
        }

        /**
         * Returns how far apart two groups' distribution functions can be in the fitted rows at level 1.
         *
         * @return half the sum of the two largest 1/n over groups with rows; 0 if there is at most one such group
         */
        public double gapBound() {
            double first = 0;
            double second = 0;
            for (double[] group : present) {
                double step = 1.0 / group.length;
                if (step > first) {
                    second = first;
                    first = step;
                } else if (step > second) {
                    second = step;
                }
            }
            return present.length < 2 ? 0 : Math.nextUp(Math.nextUp(0.5 * (first + second)));
        }
    }
}
