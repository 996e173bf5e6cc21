// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Scores by group and label: for each group its different scores in ascending order, each with the weight of the rows that
 * have it, by label. What ROC curves, calibration and score distances are made from. Immutable. A higher score speaks for
 * the favourable label.
 *
 * <p>Exact from columns; or from a {@link Histogram} that takes rows one by one in fixed memory, where all scores of a bin
 * count as its midpoint.
 */
public final class GroupScores {
    private final GroupSpace space;
    private final Block[] blocks;

    /**
     * The scores of one group.
     *
     * @param values different scores, ascending
     * @param weights weight of the rows at each score, by label (0 unfavourable, 1 favourable)
     * @param squares sum of their squared weights
     * @param rows number of rows by label
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Block(double[] values, double[][] weights, double[][] squares, long[] rows) {
        double total(int label) {
            return Arrays.stream(weights[label]).sum();
        }

        double square(int label) {
            return Arrays.stream(squares[label]).sum();
        }

        /** Kish's effective number of rows. */
        double effective(int label) {
            double total = total(label);
            return Math.min(rows[label], total / square(label) * total);
        }
    }

    private GroupScores(GroupSpace space, Block[] blocks) {
        this.space = space;
        this.blocks = blocks;
    }

    /**
     * The scores of rows of weight 1.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param favourable whether its recorded label is the favourable one; as many
     * @param scores in [-1e100, 1e100]; as many
     * @return the scores
     */
    public static GroupScores of(GroupSpace space, int[] groups, boolean[] favourable, double[] scores) {
        return of(space, groups, favourable, scores, null);
    }

    /**
     * The scores of weighted rows.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param favourable whether its recorded label is the favourable one; as many
     * @param scores in [-1e100, 1e100]; as many
     * @param weights 0 or in [1e-100, 1e100]; as many; null for 1 each; rows of weight 0 are not counted
     * @return the scores
     */
    public static GroupScores of(
            GroupSpace space, int[] groups, boolean[] favourable, double[] scores, double @Nullable [] weights) {
        int n = groups.length;
        Checks.size("favourable", "groups", n, favourable.length);
        Checks.size("scores", "groups", n, scores.length);
        int size = space.size();
        Checks.groups(groups, size);
        Checks.boundedScores(scores);
        if (weights != null) {
            Checks.size("weights", "groups", n, weights.length);
            Checks.weights(weights);
        }
        int[] counts = new int[size];
        for (int i = 0; i < n; i++) {
            if (counts(weights, i)) {
                counts[groups[i]]++;
            }
        }
        double[][] sorted = new double[size][];
        for (int g = 0; g < size; g++) {
            sorted[g] = new double[counts[g]];
        }
        int[] filled = new int[size];
        for (int i = 0; i < n; i++) {
            if (counts(weights, i)) {
                // + 0.0 makes −0 and 0 one score.
                sorted[groups[i]][filled[groups[i]]++] = scores[i] + 0.0;
            }
        }
        Block[] blocks = new Block[size];
        for (int g = 0; g < size; g++) {
            Arrays.sort(sorted[g]);
            double[] values = distinct(sorted[g]);
            blocks[g] = new Block(values, new double[2][values.length], new double[2][values.length], new long[2]);
        }
        for (int i = 0; i < n; i++) {
            if (counts(weights, i)) {
                Block block = blocks[groups[i]];
                int label = favourable[i] ? 1 : 0;
                int at = Arrays.binarySearch(block.values, scores[i] + 0.0);
                double weight = weights == null ? 1 : weights[i];
                block.weights[label][at] += weight;
                block.squares[label][at] += weight * weight;
                block.rows[label]++;
            }
        }
        return new GroupScores(space, blocks);
    }

    private static boolean counts(double @Nullable [] weights, int row) {
        return weights == null || weights[row] > 0;
    }

    /** The different values of an ascending array. */
    static double[] distinct(double[] sorted) {
        int count = 0;
        double[] values = new double[sorted.length];
        for (double value : sorted) {
            if (count == 0 || value != values[count - 1]) {
                values[count++] = value;
            }
        }
        return Arrays.copyOf(values, count);
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
     * The number of rows of a group and label.
     *
     * @param group in [0, {@code space().size()})
     * @param favourable the label
     * @return the count
     */
    public long count(int group, boolean favourable) {
        return block(group).rows[favourable ? 1 : 0];
    }

    Block block(int group) {
        Checks.group(group, blocks.length);
        return blocks[group];
    }

    /**
     * The scores of the rows of both.
     *
     * @param other scores of the same groups
     * @return the sum
     */
    public GroupScores merge(GroupScores other) {
        if (!other.space.equals(space)) {
            throw new IllegalArgumentException("scores must be of the same groups, were of " + other.space);
        }
        Block[] merged = new Block[blocks.length];
        for (int g = 0; g < merged.length; g++) {
            double[] all = Arrays.copyOf(blocks[g].values, blocks[g].values.length + other.blocks[g].values.length);
            System.arraycopy(other.blocks[g].values, 0, all, blocks[g].values.length, other.blocks[g].values.length);
            Arrays.sort(all);
            double[] values = distinct(all);
            merged[g] = new Block(values, new double[2][values.length], new double[2][values.length], new long[2]);
            for (Block from : new Block[] {blocks[g], other.blocks[g]}) {
                for (int label = 0; label < 2; label++) {
                    for (int i = 0; i < from.values.length; i++) {
                        int at = Arrays.binarySearch(values, from.values[i]);
                        merged[g].weights[label][at] += from.weights[label][i];
                        merged[g].squares[label][at] += from.squares[label][i];
                    }
                    merged[g].rows[label] += from.rows[label];
                }
            }
        }
        return new GroupScores(space, merged);
    }

    /**
     * The decisions of a threshold.
     *
     * @param threshold finite; scores at or above it are selected
     * @return the cube
     * @throws IllegalStateException if rows have weights other than 1
     */
    public GroupCube decide(double threshold) {
        if (Double.isNaN(threshold)) {
            throw new IllegalArgumentException("threshold must be a number, was NaN");
        }
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (int g = 0; g < blocks.length; g++) {
            Block block = blocks[g];
            for (int label = 0; label < 2; label++) {
                double[] sums = new double[2];
                double[] squares = new double[2];
                for (int i = 0; i < block.values.length; i++) {
                    int selected = block.values[i] >= threshold ? 1 : 0;
                    sums[selected] += block.weights[label][i];
                    squares[selected] += block.squares[label][i];
                }
                if (sums[0] + sums[1] != block.rows[label] || squares[0] + squares[1] != block.rows[label]) {
                    throw new IllegalStateException("scores must be unweighted to be decided, were weighted");
                }
                table.addMany(g * GroupCube.CELLS + 2 * label, (long) sums[0]);
                table.addMany(g * GroupCube.CELLS + 2 * label + 1, (long) sums[1]);
            }
        }
        return table.cube();
    }

    /**
     * Scores in bins of equal width, for streams. For one thread; merge the scores of several. Memory: 2^bits × 32 bytes a
     * group.
     *
     * <p>Error: a score moves by at most half a bin; an AUC by at most half the share of pairs of different label that
     * share a bin.
     */
    public static final class Histogram {
        private final GroupSpace space;
        private final int bins;
        private final double lower;
        private final double upper;
        private final double[] weights;
        private final double[] squares;
        private final long[] rows;

        /**
         * An empty histogram.
         *
         * @param space the groups
         * @param bits logarithm of the number of bins, in [1, 20]; bins times groups at most 2²⁴
         * @param lower least score
         * @param upper greatest score, above {@code lower}; both in [-1e100, 1e100]
         */
        public Histogram(GroupSpace space, int bits, double lower, double upper) {
            if (bits < 1 || bits > 20 || (long) space.size() << bits > 1 << 24) {
                throw new IllegalArgumentException(
                        "bits must be in [1, 20] and bins times groups at most 2^24, was " + bits);
            }
            if (!(lower >= -1e100 && lower < upper && upper <= 1e100)) {
                throw new IllegalArgumentException(
                        "lower must be < upper and both in [-1e100, 1e100], were " + lower + " and " + upper);
            }
            this.space = space;
            this.bins = 1 << bits;
            this.lower = lower;
            this.upper = upper;
            this.weights = new double[space.size() * 2 * bins];
            this.squares = new double[weights.length];
            this.rows = new long[space.size() * 2];
        }

        /**
         * Adds a row of weight 1.
         *
         * @param group in [0, {@code space.size()})
         * @param favourable whether the recorded label is the favourable one
         * @param score in [lower, upper]
         */
        public void add(int group, boolean favourable, double score) {
            add(group, favourable, score, 1);
        }

        /**
         * Adds a row.
         *
         * @param group in [0, {@code space.size()})
         * @param favourable whether the recorded label is the favourable one
         * @param score in [lower, upper]
         * @param weight 0 or in [1e-100, 1e100]; 0 leaves the table as it is
         */
        public void add(int group, boolean favourable, double score, double weight) {
            Checks.group(group, space.size());
            if (!(score >= lower && score <= upper)) {
                throw new IllegalArgumentException("score must be in [" + lower + ", " + upper + "], was " + score);
            }
            Checks.weight(weight);
            if (weight > 0) {
                int bin = Math.min(bins - 1, (int) ((score - lower) / (upper - lower) * bins));
                int row = group * 2 + (favourable ? 1 : 0);
                weights[row * bins + bin] += weight;
                squares[row * bins + bin] += weight * weight;
                rows[row]++;
            }
        }

        /**
         * What was added so far.
         *
         * @return the scores; more rows may follow
         */
        public GroupScores scores() {
            Block[] blocks = new Block[space.size()];
            for (int g = 0; g < blocks.length; g++) {
                int first = g * 2 * bins;
                double[] values = new double[bins];
                int[] from = new int[bins];
                int count = 0;
                for (int b = 0; b < bins; b++) {
                    if (weights[first + b] > 0 || weights[first + bins + b] > 0) {
                        from[count] = b;
                        values[count++] = lower + (upper - lower) * ((b + 0.5) / bins);
                    }
                }
                double[][] weight = new double[2][count];
                double[][] square = new double[2][count];
                for (int label = 0; label < 2; label++) {
                    for (int i = 0; i < count; i++) {
                        weight[label][i] = weights[first + label * bins + from[i]];
                        square[label][i] = squares[first + label * bins + from[i]];
                    }
                }
                blocks[g] = new Block(
                        Arrays.copyOf(values, count), weight, square, new long[] {rows[2 * g], rows[2 * g + 1]});
            }
            return new GroupScores(space, blocks);
        }
    }
}
