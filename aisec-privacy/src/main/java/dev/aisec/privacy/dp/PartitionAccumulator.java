// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The number of users in each partition, exact, for {@link PartitionSelection} and {@link OpenHistogram}. Mutable, for one thread
 * at a time; parts of the data are counted apart and {@link #merge merged}. The state does not depend on the order of entries.
 *
 * <p>{@link #add(String)} takes each user as bounded by the caller: once in a partition, and in at most m partitions. {@link
 * #add(long, String)} bounds them here: a user counts once in a partition whatever the number of entries, and of a user in more
 * partitions a secure sample of m is kept, in which a partition of more of the user's entries is likelier. What is held, and
 * {@link #toBytes}, is as private as the data.
 */
public final class PartitionAccumulator {
    private static final int KIND = 4;
    private static final long MAX_USERS = 1L << 52;
    private static final int MAX_NAME_BYTES = 1 << 12;
    private static final int MAX_PARTITIONS = 1 << 28;

    private final int partitions;
    private final Map<String, Integer> rows = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    /** Users that are bounded elsewhere, by row. */
    private long[] counts = new long[8];

    private UserSamples users;

    PartitionAccumulator(int partitions) {
        this.partitions = partitions;
        this.users = new UserSamples(partitions, true);
    }

    /**
     * Counts a user who is bounded elsewhere.
     *
     * @param partition the name; at most 4096 bytes of UTF-8
     */
    public void add(String partition) {
        addMany(partition, 1);
    }

    /**
     * Counts users who are bounded elsewhere.
     *
     * @param partition the name; at most 4096 bytes of UTF-8
     * @param number of users; at least 0
     */
    public void addMany(String partition, long number) {
        if (number < 0) {
            throw new IllegalArgumentException("number must be >= 0, was " + number);
        }
        int row = row(partition);
        if (number > MAX_USERS - counts[row]) {
            throw new IllegalStateException("users of a partition must be at most 2^52, were more");
        }
        counts[row] += number;
    }

    /**
     * Counts a user.
     *
     * @param user who it is
     * @param partition the name; at most 4096 bytes of UTF-8
     */
    public void add(long user, String partition) {
        users.add(user, row(partition), SecureBits.current().nextLong());
    }

    private int row(String partition) {
        Integer known = rows.get(partition);
        return known == null ? newRow(partition) : known;
    }

    private int newRow(String partition) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(partition)
                || partition.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException("partition must have at most " + MAX_NAME_BYTES
                    + " bytes of UTF-8 and no unpaired surrogates, had " + partition.length() + " characters");
        }
        int row = names.size();
        if (row == MAX_PARTITIONS) {
            throw new IllegalStateException("partitions must be at most " + MAX_PARTITIONS + ", were more");
        }
        if (row == counts.length) {
            counts = Arrays.copyOf(counts, row + (row >> 1) + 8);
        }
        names.add(partition);
        rows.put(partition, row);
        return row;
    }

    /**
     * Adds everything that another accumulator has. A user that is in both keeps a sample of what is in both.
     *
     * @param other of the same m; stays as it is
     */
    public void merge(PartitionAccumulator other) {
        if (other == this) {
            throw new IllegalArgumentException("other must be another accumulator, was this one");
        }
        other.require(partitions);
        for (int i = 0; i < other.names.size(); i++) {
            addMany(other.names.get(i), other.counts[i]);
        }
        users.addAll(other.users, i -> row(other.names.get((int) i)));
    }

    /** Refuses a statistic that this was not made for. */
    void require(int wanted) {
        if (partitions != wanted) {
            throw new IllegalArgumentException(
                    "accumulator must be for " + wanted + " partitions of a user, was for " + partitions);
        }
    }

    /** Users by partition, without empty partitions. */
    SortedMap<String, Long> totals() {
        long[] totals = counts.clone();
        users.forEach(i -> totals[(int) i]++);
        SortedMap<String, Long> sorted = new TreeMap<>();
        for (int i = 0; i < names.size(); i++) {
            if (totals[i] > 0) {
                sorted.put(names.get(i), totals[i]);
            }
        }
        return sorted;
    }

    /**
     * The state, for storage or for another process. Equal states give equal bytes. They hold private data, ids of users included.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        StateBytes.Writer out = new StateBytes.Writer(KIND);
        List<String> sorted = List.copyOf(totals().keySet());
        int[] places = new int[names.size()];
        out.putInt(partitions);
        out.putInt(sorted.size());
        for (int place = 0; place < sorted.size(); place++) {
            int row = row(sorted.get(place));
            places[row] = place;
            out.putText(sorted.get(place));
            out.putLong(counts[row]);
        }
        users.write(out, i -> places[(int) i]);
        return out.bytes();
    }

    /**
     * Reads a state. What it asserts of its data is checked only as far as it can be; who can change the bytes can change the
     * result, though not its privacy.
     *
     * @param bytes of {@link #toBytes}; not changed
     * @return the accumulator
     * @throws MalformedInputException if no accumulator has these bytes
     */
    public static PartitionAccumulator fromBytes(byte[] bytes) {
        StateBytes.Reader in = new StateBytes.Reader(bytes, KIND);
        int partitions = in.getInt("partitions of a user", 1, SumAccumulator.MAX_CONTRIBUTIONS);
        PartitionAccumulator read = new PartitionAccumulator(partitions);
        int size = in.getInt("partitions", 0, MAX_PARTITIONS);
        String before = "";
        for (int i = 0; i < size; i++) {
            long offset = in.offset();
            String name = in.getText("partition", MAX_NAME_BYTES);
            if (i > 0 && name.compareTo(before) <= 0) {
                throw new MalformedInputException(offset, "partitions must be in ascending order, were not");
            }
            before = name;
            read.addMany(name, in.getLong("users", 0, MAX_USERS));
        }
        read.users = UserSamples.read(in, read.users, 0, size - 1L);
        in.end();
        if (read.totals().size() != size) {
            throw new MalformedInputException(in.offset(), "partitions must have users, one had none");
        }
        return read;
    }
}
