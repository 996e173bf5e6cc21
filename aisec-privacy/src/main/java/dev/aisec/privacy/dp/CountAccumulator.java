// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Exact counts, for {@link Count} (one bin) and {@link Histogram}. Mutable, for one thread at a time; parts of the data are counted
 * apart and {@link #merge merged}.
 *
 * <p>{@link #add(int)} takes each entry as a contribution that was bounded by the caller: at most {@code contributions} of one user.
 * {@link #add(long, int)} bounds them here: of a user with more entries, a uniform secure sample of that many is kept, whatever
 * their bins. What is held, and {@link #toBytes}, is as private as the data.
 */
public final class CountAccumulator {
    static final int MAX_BINS = 1 << 24;

    private static final int KIND = 2;
    private static final long MAX_COUNT = 1L << 52;

    private final int contributions;
    private final long[] counts;
    private @Nullable UserSamples users;

    CountAccumulator(int bins, int contributions) {
        this.contributions = contributions;
        this.counts = new long[bins];
    }

    /**
     * Counts an entry whose user is bounded elsewhere.
     *
     * @param bin in [0, bins); 0 for a {@link Count}
     */
    public void add(int bin) {
        check(bin);
        raise(bin, 1);
    }

    /**
     * Counts many entries of one bin whose users are bounded elsewhere.
     *
     * @param bin in [0, bins); 0 for a {@link Count}
     * @param entries how many; at least 0
     */
    public void addMany(int bin, long entries) {
        check(bin);
        if (entries < 0) {
            throw new IllegalArgumentException("entries must be >= 0, were " + entries);
        }
        raise(bin, entries);
    }

    /**
     * Counts a user's entry.
     *
     * @param user who it is from
     * @param bin in [0, bins); 0 for a {@link Count}
     */
    public void add(long user, int bin) {
        check(bin);
        if (users == null) {
            users = new UserSamples(contributions);
        }
        users.add(user, bin, SecureBits.current().nextLong());
    }

    /** Counts entries of bins that are in range. */
    void addAll(int[] bins, int n) {
        for (int i = 0; i < n; i++) {
            raise(bins[i], 1);
        }
    }

    int bins() {
        return counts.length;
    }

    private void check(int bin) {
        if (bin < 0 || bin >= counts.length) {
            throw new IllegalArgumentException("bin must be in [0, " + counts.length + "), was " + bin);
        }
    }

    private void raise(int bin, long entries) {
        if (entries > MAX_COUNT - counts[bin]) {
            throw new IllegalStateException("entries of a bin must be at most 2^52, were more");
        }
        counts[bin] += entries;
    }

    /**
     * Adds everything that another accumulator has. A user that is in both keeps a sample of what is in both.
     *
     * @param other of the same bins and contributions; stays as it is
     */
    public void merge(CountAccumulator other) {
        if (other == this) {
            throw new IllegalArgumentException("other must be another accumulator, was this one");
        }
        other.require(counts.length, contributions);
        for (int i = 0; i < counts.length; i++) {
            raise(i, other.counts[i]);
        }
        if (other.users != null) {
            if (users == null) {
                users = new UserSamples(contributions);
            }
            users.addAll(other.users);
        }
    }

    /** Refuses a statistic that this was not made for. */
    void require(int bins, int wanted) {
        if (counts.length != bins || contributions != wanted) {
            throw new IllegalArgumentException("accumulator must be for " + bins + " bins and " + wanted
                    + " contributions, was for " + counts.length + " and " + contributions);
        }
    }

    long[] totals() {
        long[] totals = counts.clone();
        if (users != null) {
            users.forEach(bin -> totals[(int) bin]++);
        }
        return totals;
    }

    /**
     * The state, for storage or for another process. Equal states give equal bytes. They hold private data, ids of users included.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        StateBytes.Writer out = new StateBytes.Writer(KIND);
        write(out);
        return out.bytes();
    }

    void write(StateBytes.Writer out) {
        out.putInt(contributions);
        out.putInt(counts.length);
        for (long count : counts) {
            out.putLong(count);
        }
        (users == null ? new UserSamples(contributions) : users).write(out);
    }

    /**
     * Reads a state. What it asserts of its data is checked only as far as it can be; who can change the bytes can change the
     * result, though not its privacy.
     *
     * @param bytes of {@link #toBytes}; not changed
     * @return the accumulator
     * @throws MalformedInputException if no accumulator has these bytes
     */
    public static CountAccumulator fromBytes(byte[] bytes) {
        StateBytes.Reader in = new StateBytes.Reader(bytes, KIND);
        CountAccumulator read = read(in);
        in.end();
        return read;
    }

    static CountAccumulator read(StateBytes.Reader in) {
        int contributions = in.getInt("contributions", 1, SumAccumulator.MAX_CONTRIBUTIONS);
        int bins = in.getInt("bins", 1, MAX_BINS);
        if (bins > in.remaining() / Long.BYTES) {
            throw new MalformedInputException(in.offset(), "bytes must hold " + bins + " bins, ended");
        }
        CountAccumulator read = new CountAccumulator(bins, contributions);
        Arrays.setAll(read.counts, i -> in.getLong("count", 0, MAX_COUNT));
        UserSamples users = UserSamples.read(in, contributions, 0, bins - 1L);
        read.users = users.users() == 0 ? null : users;
        return read;
    }
}
