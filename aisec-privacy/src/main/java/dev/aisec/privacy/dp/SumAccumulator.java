// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * Exact sums of clamped values, for {@link BoundedSum}, {@link Mean} and {@link Variance}. Mutable, for one thread at a time; parts of the
 * data are summed apart and {@link #merge merged}.
 *
 * <p>Guarantee: every value is clamped to the bounds and rounded to a lattice of at least 2³⁰ steps to their width; integers are added up.
 * So the sum does not depend on the order of values, nor on how they were split, and one value changes it by no more than it
 * may: sums of doubles can change by as much as the sensitivity when their order does.
 *
 * <p>{@link #add(double)} takes each value as a contribution that was bounded by the caller: at most {@code contributions} of one
 * user. {@link #add(long, double)} bounds them here: of a user with more values, a uniform secure sample of that many is kept. What
 * is held, and {@link #toBytes}, is as private as the data.
 *
 * <p>Source: Casacuberta, Shoemate, Vadhan, Wagaman, Widespread Underestimation of Sensitivity in Differentially Private
 * Libraries and How to Fix It, CCS 2022, section 6.2 (integer sums).
 */
public final class SumAccumulator {
    static final int MAX_CONTRIBUTIONS = 1 << 12;

    private static final long MAX_ENTRIES = 1L << 40;
    /** Sums of so many values below 2⁵¹ fit into a long. */
    private static final int CHUNK = 1024;

    private static final int KIND = 1;
    private static final int VALID = 0x433;

    private final double lower;
    private final double upper;
    private final int contributions;
    private final boolean withSquares;
    private final SumLattice lattice;
    private final double inverse;
    private final WideSum sum;
    private final WideSum squares;
    private long count;
    private @Nullable UserSamples users;

    SumAccumulator(double lower, double upper, int contributions, boolean withSquares) {
        this(lower, upper, contributions, withSquares, new WideSum(), new WideSum());
    }

    private SumAccumulator(
            double lower, double upper, int contributions, boolean withSquares, WideSum sum, WideSum squares) {
        this.lower = lower;
        this.upper = upper;
        this.contributions = contributions;
        this.withSquares = withSquares;
        this.lattice = SumLattice.of(lower, upper);
        this.inverse = Math.scalb(1.0, -lattice.exponent());
        this.sum = sum;
        this.squares = squares;
    }

    /**
     * Adds a value whose user is bounded elsewhere.
     *
     * @param value clamped to the bounds, infinities too; not NaN
     */
    public void add(double value) {
        long steps = steps(value);
        enter(1);
        addSteps(steps, sum, squares);
    }

    /**
     * Adds a user's value.
     *
     * @param user who it is from
     * @param value clamped to the bounds, infinities too; not NaN
     */
    public void add(long user, double value) {
        long steps = steps(value);
        enter(0);
        if (users == null) {
            users = new UserSamples(contributions);
        }
        users.add(user, steps, SecureBits.current().nextLong());
    }

    /**
     * Adds values whose users are bounded elsewhere: all, or none if one is NaN.
     *
     * @param values clamped to the bounds, infinities too; not NaN
     */
    public void addAll(double[] values) {
        WideSum added = new WideSum();
        WideSum addedSquares = new WideSum();
        for (int from = 0; from < values.length; from += CHUNK) {
            int to = Math.min(values.length, from + CHUNK);
            if (withSquares) {
                chunkWithSquares(values, from, to, added, addedSquares);
            } else {
                added.add(chunk(values, from, to));
            }
        }
        enter(values.length);
        sum.add(added);
        squares.add(addedSquares);
    }

    private long chunk(double[] values, int from, int to) {
        double low = lower;
        double high = upper;
        double scale = inverse;
        long bitsSum = 0;
        long seen = 0;
        for (int i = from; i < to; i++) {
            // Rounds as rint does: what is added leaves no digits after the point.
            long bits = Double.doubleToRawLongBits(Math.min(Math.max(values[i], low), high) * scale + SumLattice.MAGIC);
            bitsSum += bits;
            seen |= bits;
        }
        if (seen >>> 52 > VALID) {
            throw nan(values, from);
        }
        return bitsSum - (to - from) * SumLattice.MAGIC_BITS;
    }

    private void chunkWithSquares(double[] values, int from, int to, WideSum added, WideSum addedSquares) {
        double low = lower;
        double high = upper;
        double scale = inverse;
        long shift = SumLattice.MAGIC_BITS + lattice.middle();
        long centredSum = 0;
        long squareSum = 0;
        long seen = 0;
        for (int i = from; i < to; i++) {
            long bits = Double.doubleToRawLongBits(Math.min(Math.max(values[i], low), high) * scale + SumLattice.MAGIC);
            seen |= bits;
            long centred = bits - shift;
            centredSum += centred;
            squareSum += SumLattice.square(centred);
        }
        if (seen >>> 52 > VALID) {
            throw nan(values, from);
        }
        added.add(centredSum + (to - from) * lattice.middle());
        addedSquares.add(squareSum);
    }

    private static IllegalArgumentException nan(double[] values, int from) {
        int i = from;
        while (!Double.isNaN(values[i])) {
            i++;
        }
        return new IllegalArgumentException("values must not be NaN, value " + i + " was");
    }

    private long steps(double value) {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException("value must not be NaN, was NaN");
        }
        return lattice.round(Math.min(Math.max(value, lower), upper));
    }

    private void addSteps(long steps, WideSum to, WideSum squaresTo) {
        to.add(steps);
        if (withSquares) {
            squaresTo.add(SumLattice.square(steps - lattice.middle()));
        }
    }

    private void enter(long entries) {
        if (count + entries > MAX_ENTRIES) {
            throw new IllegalStateException("entries must be at most 2^40, were " + (count + entries));
        }
        count += entries;
    }

    /**
     * Adds everything that another accumulator has. A user that is in both keeps a sample of what is in both.
     *
     * @param other of the same bounds, contributions and statistic; stays as it is
     */
    public void merge(SumAccumulator other) {
        if (other == this) {
            throw new IllegalArgumentException("other must be another accumulator, was this one");
        }
        if (!other.fits(lower, upper, contributions) || withSquares != other.withSquares) {
            throw new IllegalArgumentException(
                    "other must have the parameters " + parameters() + ", had " + other.parameters());
        }
        enter(other.count);
        sum.add(other.sum);
        squares.add(other.squares);
        if (other.users != null) {
            if (users == null) {
                users = new UserSamples(contributions);
            }
            users.addAll(other.users);
        }
    }

    private boolean fits(double otherLower, double otherUpper, int otherContributions) {
        return lower == otherLower && upper == otherUpper && contributions == otherContributions;
    }

    private String parameters() {
        return "[" + lower + ", " + upper + "], " + contributions + (withSquares ? ", with squares" : "");
    }

    /** Refuses a statistic that this was not made for. */
    void require(double wantedLower, double wantedUpper, int wantedContributions, boolean wantedSquares) {
        if (!fits(wantedLower, wantedUpper, wantedContributions) || wantedSquares && !withSquares) {
            throw new IllegalArgumentException("accumulator must be for [" + wantedLower + ", " + wantedUpper + "], "
                    + wantedContributions + (wantedSquares ? ", with squares" : "") + ", was for " + parameters());
        }
    }

    /**
     * What the statistics read.
     *
     * @param count entries
     * @param sum of steps
     * @param squares of centred steps, in units of 2³⁰
     */
    record Totals(long count, BigInteger sum, BigInteger squares) {}

    Totals totals() {
        WideSum all = new WideSum();
        WideSum allSquares = new WideSum();
        all.add(sum);
        allSquares.add(squares);
        if (users != null) {
            users.forEach(steps -> addSteps(steps, all, allSquares));
        }
        return new Totals(count + (users == null ? 0 : users.entries()), all.value(), allSquares.value());
    }

    SumLattice lattice() {
        return lattice;
    }

    /**
     * The state, for storage or for another process. Equal states give equal bytes. They hold private data, ids of users included.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        StateBytes.Writer out = new StateBytes.Writer(KIND);
        out.putDouble(lower);
        out.putDouble(upper);
        out.putInt(contributions);
        out.putInt(withSquares ? 1 : 0);
        out.putLong(count);
        out.putLong(sum.high());
        out.putLong(sum.low());
        out.putLong(squares.high());
        out.putLong(squares.low());
        (users == null ? new UserSamples(contributions) : users).write(out);
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
    public static SumAccumulator fromBytes(byte[] bytes) {
        StateBytes.Reader in = new StateBytes.Reader(bytes, KIND);
        double lower = in.getDouble();
        double upper = in.getDouble();
        SumLattice lattice;
        try {
            lattice = SumLattice.of(lower, upper);
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException(in.offset(), String.valueOf(e.getMessage()));
        }
        int contributions = in.getInt("contributions", 1, MAX_CONTRIBUTIONS);
        boolean withSquares = in.getInt("squares", 0, 1) == 1;
        long count = in.getLong("entries", 0, MAX_ENTRIES);
        WideSum sum = sum(in, count, lattice.low(), lattice.high());
        WideSum squares = sum(in, count, 0, withSquares ? lattice.largestSquare() : 0);
        SumAccumulator read = new SumAccumulator(lower, upper, contributions, withSquares, sum, squares);
        read.count = count;
        UserSamples users = UserSamples.read(in, contributions, lattice.low(), lattice.high());
        in.end();
        read.users = users.users() == 0 ? null : users;
        return read;
    }

    private static WideSum sum(StateBytes.Reader in, long count, long least, long largest) {
        long high = in.getLong();
        WideSum sum = WideSum.of(high, in.getLong());
        BigInteger entries = BigInteger.valueOf(count);
        if (sum.value().compareTo(entries.multiply(BigInteger.valueOf(least))) < 0
                || sum.value().compareTo(entries.multiply(BigInteger.valueOf(largest))) > 0) {
            throw new MalformedInputException(in.offset() - 16, "sum must be one of values within the bounds, was not");
        }
        return sum;
    }
}
