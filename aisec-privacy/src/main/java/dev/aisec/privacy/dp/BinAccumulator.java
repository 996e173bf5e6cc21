// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;

/**
 * Exact counts of values in bins, for {@link Quantiles} and {@link AutomaticBounds}. Mutable, for one thread at a time; parts of
 * the data are counted apart and {@link #merge merged}. The state does not depend on the order of values.
 *
 * <p>{@link #add(double)} takes each value as a contribution that was bounded by the caller: at most {@code contributions} of one
 * user. {@link #add(long, double)} bounds them here: of a user with more values, a uniform secure sample of that many is kept. What
 * is held, and {@link #toBytes}, is as private as the data.
 */
public final class BinAccumulator {
    private static final int KIND = 3;
    private static final int CHUNK = 1024;

    private final ValueBins bins;
    private final CountAccumulator counts;

    BinAccumulator(ValueBins bins, int contributions) {
        this(bins, new CountAccumulator(bins.count(), contributions));
    }

    private BinAccumulator(ValueBins bins, CountAccumulator counts) {
        this.bins = bins;
        this.counts = counts;
    }

    /**
     * Adds a value whose user is bounded elsewhere.
     *
     * @param value any number, infinities too; not NaN
     */
    public void add(double value) {
        counts.add(bin(value));
    }

    /**
     * Adds a user's value.
     *
     * @param user who it is from
     * @param value any number, infinities too; not NaN
     */
    public void add(long user, double value) {
        counts.add(user, bin(value));
    }

    private int bin(double value) {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException("value must not be NaN, was NaN");
        }
        return bins.of(value);
    }

    /**
     * Adds values whose users are bounded elsewhere: all, or none if one is NaN.
     *
     * @param values any numbers, infinities too; not NaN
     */
    public void addAll(double[] values) {
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(values[i])) {
                throw new IllegalArgumentException("values must not be NaN, value " + i + " was");
            }
        }
        int[] chunk = new int[Math.min(CHUNK, values.length)];
        for (int from = 0; from < values.length; from += CHUNK) {
            int to = Math.min(values.length, from + CHUNK);
            bins.of(values, from, to, chunk);
            counts.addAll(chunk, to - from);
        }
    }

    /**
     * Adds everything that another accumulator has. A user that is in both keeps a sample of what is in both.
     *
     * @param other of the same bins and contributions; stays as it is
     */
    public void merge(BinAccumulator other) {
        requireBins(other);
        counts.merge(other.counts);
    }

    private void requireBins(BinAccumulator other) {
        if (!bins.equals(other.bins)) {
            throw new IllegalArgumentException("other must have the bins " + bins + ", had " + other.bins);
        }
    }

    /** Refuses a statistic that this was not made for. */
    void require(ValueBins wanted, int contributions) {
        if (!bins.equals(wanted)) {
            throw new IllegalArgumentException("accumulator must be for " + wanted + ", was for " + bins);
        }
        counts.require(wanted.count(), contributions);
    }

    long[] totals() {
        return counts.totals();
    }

    /**
     * The state, for storage or for another process. Equal states give equal bytes. They hold private data, ids of users included.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        StateBytes.Writer out = new StateBytes.Writer(KIND);
        bins.write(out);
        counts.write(out);
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
    public static BinAccumulator fromBytes(byte[] bytes) {
        StateBytes.Reader in = new StateBytes.Reader(bytes, KIND);
        ValueBins bins = ValueBins.read(in);
        long offset = in.offset();
        CountAccumulator counts = CountAccumulator.read(in);
        in.end();
        if (counts.bins() != bins.count()) {
            throw new MalformedInputException(
                    offset, "counts must be of " + bins.count() + " bins, were of " + counts.bins());
        }
        return new BinAccumulator(bins, counts);
    }
}
