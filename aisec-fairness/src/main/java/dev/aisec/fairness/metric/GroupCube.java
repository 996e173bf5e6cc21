// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.MalformedInputException;
import dev.aisec.fairness.internal.Checks;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The contingency table of an audit: how many rows, and of which weight, fall into each group × recorded label × decision.
 * All metrics of decisions are functions of it, so that the data are read once. Immutable.
 *
 * <p>Counts are exact integers. With weights the cube also holds the sum of the weights and of their squares in each cell,
 * from which the design-based variance of every rate follows (see {@link Measure}). A row of weight 0 carries no information
 * and is not counted.
 *
 * <p>Cubes of the same groups merge by adding up, in any order and grouping; sums of weights then agree up to rounding.
 *
 * <p>Limit: rows count as drawn independently. Of a survey's strata and clusters nothing is kept; clusters make intervals
 * too narrow, strata as a rule too wide.
 */
public final class GroupCube {
    /** Cells of a group: label × decision. */
    static final int CELLS = 4;
    /** Cell of a row: unfavourable label, unfavourable decision. */
    static final int TRUE_NEGATIVE = 0;
    /** Cell of a row: unfavourable label, favourable decision. */
    static final int FALSE_POSITIVE = 1;
    /** Cell of a row: favourable label, unfavourable decision. */
    static final int FALSE_NEGATIVE = 2;
    /** Cell of a row: favourable label, favourable decision. */
    static final int TRUE_POSITIVE = 3;

    private static final int MAGIC = 0x41464743;
    private static final int VERSION = 1;
    private static final int MOST_GROUPS = 1 << 20;
    /** Above it a double no longer holds every integer. */
    private static final long MOST_ROWS = 1L << 53;

    private final GroupSpace space;
    private final long[] counts;
    private final double @Nullable [] sums;
    private final double @Nullable [] squares;

    private GroupCube(GroupSpace space, long[] counts, double @Nullable [] sums, double @Nullable [] squares) {
        this.space = space;
        this.counts = counts;
        this.sums = sums;
        this.squares = squares;
    }

    /**
     * The cube of rows in columns.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param labels whether the recorded label is the favourable one; as many
     * @param decisions whether the decision is the favourable one; as many
     * @return the cube
     */
    public static GroupCube of(GroupSpace space, int[] groups, boolean[] labels, boolean[] decisions) {
        Accumulator accumulator = new Accumulator(space);
        accumulator.addAll(groups, labels, decisions);
        return accumulator.cube();
    }

    /**
     * The cube of weighted rows in columns.
     *
     * @param space the groups
     * @param groups the group of each row, in [0, {@code space.size()})
     * @param labels whether the recorded label is the favourable one; as many
     * @param decisions whether the decision is the favourable one; as many
     * @param weights 0 or in [1e-100, 1e100]; as many
     * @return the cube
     */
    public static GroupCube of(
            GroupSpace space, int[] groups, boolean[] labels, boolean[] decisions, double[] weights) {
        Accumulator accumulator = new Accumulator(space);
        accumulator.addAll(groups, labels, decisions, weights);
        return accumulator.cube();
    }

    /**
     * An empty table to add rows to.
     *
     * @param space the groups
     * @return for one thread
     */
    public static Accumulator accumulator(GroupSpace space) {
        return new Accumulator(space);
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
     * Returns whether rows had weights.
     *
     * @return false if every row counts 1
     */
    public boolean weighted() {
        return sums != null;
    }

    /**
     * The number of rows in a cell.
     *
     * @param group in [0, {@code space().size()})
     * @param favourableLabel recorded label
     * @param favourableDecision decision
     * @return the count; rows of weight 0 are not in it
     */
    public long count(int group, boolean favourableLabel, boolean favourableDecision) {
        return counts[cell(group, favourableLabel, favourableDecision)];
    }

    /**
     * The weight of a cell.
     *
     * @param group in [0, {@code space().size()})
     * @param favourableLabel recorded label
     * @param favourableDecision decision
     * @return sum of the weights; the count if rows have none
     */
    public double weight(int group, boolean favourableLabel, boolean favourableDecision) {
        return sum(cell(group, favourableLabel, favourableDecision));
    }

    /**
     * The number of rows of a group.
     *
     * @param group in [0, {@code space().size()})
     * @return the count
     */
    public long count(int group) {
        int first = cell(group, false, false);
        return counts[first] + counts[first + 1] + counts[first + 2] + counts[first + 3];
    }

    /**
     * Returns the number of rows.
     *
     * @return the count over all groups
     */
    public long count() {
        long all = 0;
        for (long count : counts) {
            all += count;
        }
        return all;
    }

    /**
     * The cube of the rows of both.
     *
     * @param other a cube of the same groups; at most 2⁵³ rows together
     * @return the sum
     */
    public GroupCube merge(GroupCube other) {
        Accumulator accumulator = new Accumulator(space);
        accumulator.merge(this);
        accumulator.merge(other);
        return accumulator.cube();
    }

    private int cell(int group, boolean label, boolean decision) {
        Checks.group(group, space.size());
        return group * CELLS + (label ? 2 : 0) + (decision ? 1 : 0);
    }

    /**
     * Rows in a cell.
     *
     * @param cell group × 4 + cell within the group
     */
    long rows(int cell) {
        return counts[cell];
    }

    /**
     * Weight of a cell.
     *
     * @param cell group × 4 + cell within the group
     */
    double sum(int cell) {
        return sums == null ? counts[cell] : sums[cell];
    }

    /**
     * Sum of squared weights of a cell.
     *
     * @param cell group × 4 + cell within the group
     */
    double square(int cell) {
        return squares == null ? counts[cell] : squares[cell];
    }

    /** All groups added up into one. */
    GroupCube overall() {
        long[] all = new long[CELLS];
        double @Nullable [] sum = sums == null ? null : new double[CELLS];
        double @Nullable [] square = squares == null ? null : new double[CELLS];
        for (int i = 0; i < counts.length; i++) {
            all[i % CELLS] += counts[i];
            if (sum != null && square != null) {
                sum[i % CELLS] += sum(i);
                square[i % CELLS] += square(i);
            }
        }
        return new GroupCube(GroupSpace.of("all", "all"), all, sum, square);
    }

    /**
     * Writes the cube: magic {@code AFGC}, version 1, a flag for weights, the attributes with their values (UTF-8 behind a
     * two-byte length), then the cells that are not empty in ascending order. Big-endian. Equal cubes give equal bytes.
     *
     * @return the bytes
     */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeByte(sums == null ? 0 : 1);
            writeSpace(out, space);
            int filled = 0;
            for (long count : counts) {
                filled += count > 0 ? 1 : 0;
            }
            out.writeInt(filled);
            for (int i = 0; i < counts.length; i++) {
                if (counts[i] > 0) {
                    out.writeInt(i);
                    out.writeLong(counts[i]);
                    if (sums != null) {
                        out.writeDouble(sum(i));
                        out.writeDouble(square(i));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static void writeSpace(DataOutputStream out, GroupSpace space) throws IOException {
        out.writeInt(space.attributes().size());
        for (GroupSpace.Attribute attribute : space.attributes()) {
            writeText(out, attribute.name());
            out.writeInt(attribute.values().size());
            for (String value : attribute.values()) {
                writeText(out, value);
            }
        }
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0xffff) {
            throw new IllegalArgumentException(
                    "names must be at most 65535 bytes to be written, one was " + bytes.length);
        }
        out.writeShort(bytes.length);
        out.write(bytes);
    }

    /**
     * Reads a cube of at most 2¹⁶ groups.
     *
     * @param bytes as {@link #toBytes()} wrote them; may be hostile: the table takes at most 6.3 MB
     * @return the cube
     * @throws MalformedInputException if they do not follow the format
     */
    public static GroupCube fromBytes(byte[] bytes) {
        return fromBytes(bytes, 1 << 16);
    }

    /**
     * Reads a cube.
     *
     * @param bytes as {@link #toBytes()} wrote them; may be hostile: the table takes at most 96 bytes a group
     * @param mostGroups how many groups to accept, in [1, 2²⁰]
     * @return the cube
     * @throws MalformedInputException if they do not follow the format
     */
    public static GroupCube fromBytes(byte[] bytes, int mostGroups) {
        if (mostGroups < 1 || mostGroups > MOST_GROUPS) {
            throw new IllegalArgumentException("mostGroups must be in [1, " + MOST_GROUPS + "], was " + mostGroups);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        require(in, 10);
        if (in.getInt() != MAGIC) {
            throw new MalformedInputException(0, "magic must be AFGC");
        }
        int version = in.get();
        if (version != VERSION) {
            throw new MalformedInputException(4, "version must be " + VERSION + ", was " + version);
        }
        int flag = in.get();
        if (flag != 0 && flag != 1) {
            throw new MalformedInputException(5, "flag must be 0 or 1, was " + flag);
        }
        GroupSpace space = readSpace(in, mostGroups);
        int cells = space.size() * CELLS;
        long[] counts = new long[cells];
        double @Nullable [] sums = flag == 0 ? null : new double[cells];
        double @Nullable [] squares = flag == 0 ? null : new double[cells];
        require(in, 4);
        int filled = in.getInt();
        int size = flag == 0 ? 12 : 28;
        if (filled < 0 || filled > cells || in.remaining() != (long) filled * size) {
            throw new MalformedInputException(
                    in.position(), "filled cells must fit the table and the rest of the bytes, were " + filled);
        }
        int last = -1;
        long rows = 0;
        for (int i = 0; i < filled; i++) {
            int at = in.position();
            int cell = in.getInt();
            if (cell <= last || cell >= cells) {
                throw new MalformedInputException(at, "cell must be in (" + last + ", " + cells + "), was " + cell);
            }
            last = cell;
            long count = in.getLong();
            if (count < 1 || count > MOST_ROWS - rows) {
                throw new MalformedInputException(at, "count must be >= 1 and all at most 2^53, was " + count);
            }
            rows += count;
            counts[cell] = count;
            if (sums != null && squares != null) {
                double sum = in.getDouble();
                double square = in.getDouble();
                double mean = sum / count;
                // Weights in their range, up to rounding; Cauchy-Schwarz: no weights have other sums.
                boolean possible = mean > 0.9e-100
                        && mean < 1.1e100
                        && square <= sum * sum * (1 + 1e-9)
                        && sum * sum <= count * square * (1 + 1e-9);
                if (!possible) {
                    throw new MalformedInputException(
                            at, "sums must be those of " + count + " weights, were " + sum + " and " + square);
                }
                sums[cell] = sum;
                squares[cell] = square;
            }
        }
        return new GroupCube(space, counts, sums, squares);
    }

    static GroupSpace readSpace(ByteBuffer in, int mostGroups) {
        int attributes = in.getInt();
        // An attribute takes at least 9 bytes, a value at least 2.
        if (attributes < 1 || attributes > in.remaining() / 9) {
            throw new MalformedInputException(
                    in.position() - 4, "attributes must be at least 1 and fit the bytes, were " + attributes);
        }
        List<GroupSpace.Attribute> list = new ArrayList<>();
        long groups = 1;
        for (int a = 0; a < attributes; a++) {
            int at = in.position();
            String name = readText(in);
            require(in, 4);
            int values = in.getInt();
            if (values < 1 || values > in.remaining() / 2) {
                throw new MalformedInputException(at, "values must be at least 1 and fit the bytes, were " + values);
            }
            groups *= values;
            if (groups > mostGroups) {
                throw new MalformedInputException(at, "groups must be at most " + mostGroups + ", were more");
            }
            List<String> names = new ArrayList<>(values);
            for (int v = 0; v < values; v++) {
                names.add(readText(in));
            }
            try {
                list.add(new GroupSpace.Attribute(name, names));
            } catch (IllegalArgumentException e) {
                throw new MalformedInputException(at, Objects.toString(e.getMessage()));
            }
        }
        try {
            return new GroupSpace(list);
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException(in.position(), Objects.toString(e.getMessage()));
        }
    }

    private static String readText(ByteBuffer in) {
        require(in, 2);
        int length = Short.toUnsignedInt(in.getShort());
        require(in, length);
        int at = in.position();
        ByteBuffer text = in.slice(at, length);
        in.position(at + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedInputException(at, "text must be UTF-8");
        }
    }

    static void require(ByteBuffer in, int bytes) {
        if (in.remaining() < bytes) {
            throw new MalformedInputException(
                    in.position(), "bytes must be at least " + bytes + " more, were " + in.remaining());
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GroupCube cube
                && space.equals(cube.space)
                && Arrays.equals(counts, cube.counts)
                && Arrays.equals(sums, cube.sums)
                && Arrays.equals(squares, cube.squares);
    }

    @Override
    public int hashCode() {
        return Objects.hash(space, Arrays.hashCode(counts), Arrays.hashCode(sums));
    }

    @Override
    public String toString() {
        return "GroupCube[groups=" + space.size() + ", rows=" + count() + ", weighted=" + weighted() + "]";
    }

    /** Adds rows up. For one thread: each thread fills its own and the cubes are merged. */
    public static final class Accumulator {
        private final GroupSpace space;
        private final int size;
        private final long[] counts;
        private double @Nullable [] sums;
        private double @Nullable [] squares;

        private Accumulator(GroupSpace space) {
            this.space = space;
            this.size = space.size();
            this.counts = new long[size * CELLS];
        }

        /**
         * Adds a row of weight 1.
         *
         * @param group in [0, {@code space.size()})
         * @param favourableLabel whether the recorded label is the favourable one
         * @param favourableDecision whether the decision is the favourable one
         */
        public void add(int group, boolean favourableLabel, boolean favourableDecision) {
            Checks.group(group, size);
            int cell = group * CELLS + (favourableLabel ? 2 : 0) + (favourableDecision ? 1 : 0);
            counts[cell]++;
            if (sums != null && squares != null) {
                sums[cell]++;
                squares[cell]++;
            }
        }

        /**
         * Adds a row with a weight.
         *
         * @param group in [0, {@code space.size()})
         * @param favourableLabel whether the recorded label is the favourable one
         * @param favourableDecision whether the decision is the favourable one
         * @param weight 0 or in [1e-100, 1e100]; 0 leaves the table as it is
         */
        public void add(int group, boolean favourableLabel, boolean favourableDecision, double weight) {
            Checks.group(group, size);
            Checks.weight(weight);
            weigh();
            int cell = group * CELLS + (favourableLabel ? 2 : 0) + (favourableDecision ? 1 : 0);
            addWeighted(cell, weight);
        }

        /**
         * Adds rows of weight 1 in columns. If it throws, the table is as before.
         *
         * @param groups the group of each row, in [0, {@code space.size()})
         * @param labels whether the recorded label is the favourable one; as many
         * @param decisions whether the decision is the favourable one; as many
         */
        public void addAll(int[] groups, boolean[] labels, boolean[] decisions) {
            requireLengths(groups.length, labels.length, decisions.length);
            requireGroups(groups);
            // Two tables in turn, so that rows of one cell need not wait for each other.
            long[] even = new long[counts.length];
            long[] odd = counts.length <= 1 << 12 ? new long[counts.length] : even;
            int n = groups.length;
            int i = 0;
            for (; i + 1 < n; i += 2) {
                even[groups[i] * CELLS + (labels[i] ? 2 : 0) + (decisions[i] ? 1 : 0)]++;
                odd[groups[i + 1] * CELLS + (labels[i + 1] ? 2 : 0) + (decisions[i + 1] ? 1 : 0)]++;
            }
            if (i < n) {
                even[groups[i] * CELLS + (labels[i] ? 2 : 0) + (decisions[i] ? 1 : 0)]++;
            }
            addCounts(even);
            if (odd != even) {
                addCounts(odd);
            }
        }

        /**
         * Adds rows of weight 1 in columns. If it throws, the table is as before.
         *
         * @param groups the group of each row, in [0, {@code space.size()})
         * @param labels 1 if the recorded label is the favourable one, else 0; as many
         * @param decisions 1 if the decision is the favourable one, else 0; as many
         */
        public void addAll(int[] groups, byte[] labels, byte[] decisions) {
            requireLengths(groups.length, labels.length, decisions.length);
            requireGroups(groups);
            requireBits("labels", labels);
            requireBits("decisions", decisions);
            long[] even = new long[counts.length];
            long[] odd = counts.length <= 1 << 12 ? new long[counts.length] : even;
            int n = groups.length;
            int i = 0;
            for (; i + 1 < n; i += 2) {
                even[groups[i] * CELLS + 2 * labels[i] + decisions[i]]++;
                odd[groups[i + 1] * CELLS + 2 * labels[i + 1] + decisions[i + 1]]++;
            }
            if (i < n) {
                even[groups[i] * CELLS + 2 * labels[i] + decisions[i]]++;
            }
            addCounts(even);
            if (odd != even) {
                addCounts(odd);
            }
        }

        /**
         * Adds weighted rows in columns. If it throws, the table is as before.
         *
         * @param groups the group of each row, in [0, {@code space.size()})
         * @param labels whether the recorded label is the favourable one; as many
         * @param decisions whether the decision is the favourable one; as many
         * @param weights 0 or in [1e-100, 1e100]; as many
         */
        public void addAll(int[] groups, boolean[] labels, boolean[] decisions, double[] weights) {
            requireLengths(groups.length, labels.length, decisions.length);
            if (weights.length != groups.length) {
                throw new IllegalArgumentException(
                        "weights must be as many as groups, " + groups.length + ", were " + weights.length);
            }
            requireGroups(groups);
            Checks.weights(weights);
            weigh();
            for (int i = 0; i < groups.length; i++) {
                addWeighted(groups[i] * CELLS + (labels[i] ? 2 : 0) + (decisions[i] ? 1 : 0), weights[i]);
            }
        }

        /**
         * Adds the rows of a cube.
         *
         * @param cube of the same groups; at most 2⁵³ rows together
         */
        public void merge(GroupCube cube) {
            if (!cube.space.equals(space)) {
                throw new IllegalArgumentException("cube must be of the same groups, was of " + cube.space);
            }
            long rows = cube.count();
            for (long count : counts) {
                rows += count;
            }
            if (rows > MOST_ROWS) {
                throw new IllegalArgumentException("rows must be at most 2^53, were more");
            }
            if (cube.sums != null) {
                weigh();
            }
            for (int i = 0; i < counts.length; i++) {
                counts[i] += cube.counts[i];
                if (sums != null && squares != null) {
                    sums[i] += cube.sum(i);
                    squares[i] += cube.square(i);
                }
            }
        }

        /**
         * What was added so far.
         *
         * @return a copy; more rows may follow
         */
        public GroupCube cube() {
            return new GroupCube(
                    space,
                    counts.clone(),
                    sums == null ? null : sums.clone(),
                    squares == null ? null : squares.clone());
        }

        /** Adds rows of weight 1 to one cell. */
        void addMany(int cell, long rows) {
            counts[cell] += rows;
            if (sums != null && squares != null) {
                sums[cell] += rows;
                squares[cell] += rows;
            }
        }

        private void addWeighted(int cell, double weight) {
            if (sums != null && squares != null && weight > 0) {
                counts[cell]++;
                sums[cell] += weight;
                squares[cell] += weight * weight;
            }
        }

        private void addCounts(long[] more) {
            for (int c = 0; c < counts.length; c++) {
                counts[c] += more[c];
                if (sums != null && squares != null) {
                    sums[c] += more[c];
                    squares[c] += more[c];
                }
            }
        }

        private void weigh() {
            if (sums == null) {
                sums = new double[counts.length];
                for (int i = 0; i < counts.length; i++) {
                    sums[i] = counts[i];
                }
                squares = sums.clone();
            }
        }

        private void requireGroups(int[] groups) {
            int least = 0;
            int most = 0;
            for (int group : groups) {
                least = Math.min(least, group);
                most = Math.max(most, group);
            }
            Checks.group(least, size);
            Checks.group(most, size);
        }

        private static void requireBits(String what, byte[] bits) {
            int all = 0;
            for (byte bit : bits) {
                all |= bit;
            }
            if ((all & ~1) != 0) {
                throw new IllegalArgumentException(what + " must be 0 or 1, one was neither");
            }
        }

        private static void requireLengths(int groups, int labels, int decisions) {
            if (labels != groups || decisions != groups) {
                throw new IllegalArgumentException("labels and decisions must be as many as groups, " + groups
                        + ", were " + labels + " and " + decisions);
            }
        }
    }
}
