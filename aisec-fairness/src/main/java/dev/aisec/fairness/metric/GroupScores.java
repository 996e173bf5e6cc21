// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.MalformedInputException;
import dev.aisec.fairness.internal.Checks;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Scores by group and label: for each group its different scores in ascending order, each with the weight of the rows that
 * have it, by label. What ROC curves, calibration and score distances are made from. Immutable. A higher score speaks for
 * the favourable label. Scores of the same groups merge, and are stored as bytes.
 *
 * <p>Exact from columns; or from a {@link Histogram} that takes rows one by one in fixed memory, where all scores of a bin
 * count as its midpoint.
 */
public final class GroupScores {
    private static final int MAGIC = 0x41464753;
    private static final int VERSION = 1;
    private static final int MOST_GROUPS = 1 << 20;
    /** Above it a double no longer holds every integer. */
    private static final long MOST_ROWS = 1L << 53;
    /** Least bytes of a group. */
    private static final int BLOCK_BYTES = 20;

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
     * Writes the scores: magic {@code AFGS}, version 1, a flag for weights, the attributes with their values (UTF-8 behind a
     * two-byte length), then for each group the rows by label, the number of different scores and each score with its
     * rows by label, or with the sum of their weights and of the squares. Big-endian. Equal scores give equal bytes.
     *
     * @return the bytes
     */
    public byte[] toBytes() {
        boolean weighted = weighted();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeByte(weighted ? 1 : 0);
            GroupCube.writeSpace(out, space);
            for (Block block : blocks) {
                out.writeLong(block.rows[0]);
                out.writeLong(block.rows[1]);
                out.writeInt(block.values.length);
                for (int i = 0; i < block.values.length; i++) {
                    out.writeDouble(block.values[i]);
                    for (int label = 0; label < 2; label++) {
                        if (weighted) {
                            out.writeDouble(block.weights[label][i]);
                            out.writeDouble(block.squares[label][i]);
                        } else {
                            out.writeLong((long) block.weights[label][i]);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Whether some row's weight is not 1. */
    private boolean weighted() {
        for (Block block : blocks) {
            for (int label = 0; label < 2; label++) {
                for (int i = 0; i < block.values.length; i++) {
                    double weight = block.weights[label][i];
                    if (weight != block.squares[label][i] || weight != Math.rint(weight)) {
                        return true;
                    }
                }
                if (block.total(label) != block.rows[label]) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Reads scores of at most 2¹⁶ groups.
     *
     * @param bytes as {@link #toBytes()} wrote them; may be hostile: what is made of them grows with their number only
     * @return the scores
     * @throws MalformedInputException if they do not follow the format
     */
    public static GroupScores fromBytes(byte[] bytes) {
        return fromBytes(bytes, 1 << 16);
    }

    /**
     * Reads scores.
     *
     * @param bytes as {@link #toBytes()} wrote them; may be hostile: what is made of them grows with their number only
     * @param mostGroups how many groups to accept, in [1, 2²⁰]
     * @return the scores
     * @throws MalformedInputException if they do not follow the format
     */
    public static GroupScores fromBytes(byte[] bytes, int mostGroups) {
        if (mostGroups < 1 || mostGroups > MOST_GROUPS) {
            throw new IllegalArgumentException("mostGroups must be in [1, " + MOST_GROUPS + "], was " + mostGroups);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        GroupCube.require(in, 10);
        if (in.getInt() != MAGIC) {
            throw new MalformedInputException(0, "magic must be AFGS");
        }
        int version = in.get();
        if (version != VERSION) {
            throw new MalformedInputException(4, "version must be " + VERSION + ", was " + version);
        }
        int flag = in.get();
        if (flag != 0 && flag != 1) {
            throw new MalformedInputException(5, "flag must be 0 or 1, was " + flag);
        }
        GroupSpace space = GroupCube.readSpace(in, mostGroups);
        int size = space.size();
        // Combinations of few values are many: their blocks must be there before any is made.
        GroupCube.require(in, size * BLOCK_BYTES);
        Block[] blocks = new Block[size];
        long[] left = {MOST_ROWS};
        for (int g = 0; g < size; g++) {
            blocks[g] = readBlock(in, flag == 1, left);
        }
        if (in.hasRemaining()) {
            throw new MalformedInputException(in.position(), "bytes must end here, " + in.remaining() + " follow");
        }
        GroupScores scores = new GroupScores(space, blocks);
        if (scores.weighted() != (flag == 1)) {
            throw new MalformedInputException(5, "flag must be 0 if every weight is 1, was 1");
        }
        return scores;
    }

    private static Block readBlock(ByteBuffer in, boolean weighted, long[] left) {
        GroupCube.require(in, BLOCK_BYTES);
        int start = in.position();
        long[] rows = {in.getLong(), in.getLong()};
        if (rows[0] < 0 || rows[1] < 0 || rows[0] > left[0] || rows[1] > left[0] - rows[0]) {
            throw new MalformedInputException(
                    start, "rows must be >= 0 and all at most 2^53, were " + rows[0] + " and " + rows[1]);
        }
        left[0] -= rows[0] + rows[1];
        int count = in.getInt();
        int bytes = weighted ? 40 : 24;
        if (count < 0 || count > in.remaining() / bytes) {
            throw new MalformedInputException(start + 16, "scores must fit the rest of the bytes, were " + count);
        }
        Block block = new Block(new double[count], new double[2][count], new double[2][count], rows);
        for (int i = 0; i < count; i++) {
            int at = in.position();
            double value = in.getDouble();
            boolean ascends = i == 0 || value > block.values[i - 1];
            // One bit pattern for zero, so that equal scores have equal bytes.
            boolean negativeZero = value == 0 && 1 / value < 0;
            if (!Checks.isScore(value) || !ascends || negativeZero) {
                throw new MalformedInputException(
                        at, "scores must be in [-1e100, 1e100], ascend and not be -0, one was " + value);
            }
            block.values[i] = value;
            boolean any = false;
            for (int label = 0; label < 2; label++) {
                double weight;
                double square;
                if (weighted) {
                    weight = in.getDouble();
                    square = in.getDouble();
                } else {
                    long n = in.getLong();
                    weight = n < 0 || n > rows[label] ? Double.NaN : n;
                    square = weight;
                }
                boolean none = isZero(weight) && isZero(square);
                if (!none && !possible(weight, square, rows[label])) {
                    throw new MalformedInputException(
                            at,
                            "sums must be those of at most " + rows[label] + " weights, were " + weight + " and "
                                    + square);
                }
                block.weights[label][i] = weight;
                block.squares[label][i] = square;
                any |= !none;
            }
            if (!any) {
                throw new MalformedInputException(at, "scores must have rows, " + value + " has none");
            }
        }
        for (int label = 0; label < 2; label++) {
            double total = block.total(label);
            boolean fits = rows[label] == 0
                    ? total == 0
                    : possible(total, block.square(label), rows[label]) && (weighted || total == rows[label]);
            if (!fits) {
                throw new MalformedInputException(
                        start, "sums of a group must be those of " + rows[label] + " weights, were " + total);
            }
        }
        return block;
    }

    private static boolean isZero(double value) {
        return Double.doubleToRawLongBits(value) == 0;
    }

    /** Weights in their range, up to rounding; Cauchy-Schwarz: no weights have other sums. */
    private static boolean possible(double sum, double square, long rows) {
        return sum > 0.9e-100
                && sum < 1.1e100 * rows
                && square > 0
                && Math.sqrt(square) <= sum * (1 + 1e-9)
                && sum <= Math.sqrt(rows) * Math.sqrt(square) * (1 + 1e-9);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof GroupScores scores) || !space.equals(scores.space)) {
            return false;
        }
        for (int g = 0; g < blocks.length; g++) {
            Block a = blocks[g];
            Block b = scores.blocks[g];
            if (!Arrays.equals(a.values, b.values)
                    || !Arrays.deepEquals(a.weights, b.weights)
                    || !Arrays.deepEquals(a.squares, b.squares)
                    || !Arrays.equals(a.rows, b.rows)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = space.hashCode();
        for (Block block : blocks) {
            hash = 31 * hash + Arrays.hashCode(block.values);
            hash = 31 * hash + Arrays.deepHashCode(block.weights);
        }
        return hash;
    }

    @Override
    public String toString() {
        long rows = Arrays.stream(blocks).mapToLong(b -> b.rows[0] + b.rows[1]).sum();
        return "GroupScores[groups=" + blocks.length + ", rows=" + rows + "]";
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
        /** Asked for once: the space counts anew each time. */
        private final int size;

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
            this.size = space.size();
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
            Checks.group(group, size);
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
