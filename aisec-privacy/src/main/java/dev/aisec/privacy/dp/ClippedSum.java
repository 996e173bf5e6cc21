// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * The sum of vectors, each clipped to a norm: what vector noise is added to. Not safe for concurrent use; sums of parts can be
 * merged.
 *
 * <p>Guarantee: every vector is brought to the norm bound on a lattice of whole steps, verified in integers, and added in
 * integers. The sum is the same in any order and grouping, and the sensitivity is the clip for certain, which a sum of floats
 * cannot promise. It holds private data: only mechanisms may release it.
 *
 * <p>A vector within the norm is rounded to the nearest lattice point, half a step of clip · 2⁻²⁶ (L2) or 2⁻³⁶ (L1) per
 * coordinate at most; a longer one is scaled to the norm.
 *
 * <p>Source: Abadi, Chu, Goodfellow, McMahan, Mironov, Talwar, Zhang, Deep Learning with Differential Privacy, CCS 2016,
 * algorithm 1 (clipping); Casacuberta, Shoemate, Vadhan, Wagaman, Widespread Underestimation of Sensitivity in Differentially
 * Private Libraries and How to Fix It, CCS 2022 (why not floats).
 */
public final class ClippedSum {
    private static final int L2_DIGITS = 26;
    private static final int L1_DIGITS = 36;

    private final double clip;
    private final boolean l2;
    private final int exponent;
    private final long bound;
    private final long[] sum;
    private final double[] scratch;
    private final long[] rounded;
    private long records;

    private ClippedSum(double clip, boolean l2, int dimension) {
        requireClip(clip);
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension must be >= 1, was " + dimension);
        }
        this.clip = clip;
        this.l2 = l2;
        exponent = exponent(clip, l2);
        bound = bound(clip, l2);
        sum = new long[dimension];
        scratch = new double[dimension];
        rounded = new long[dimension];
    }

    /**
     * An empty sum of vectors of Euclidean norm at most C.
     *
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param dimension length of the vectors; at least 1
     * @return the sum
     */
    public static ClippedSum l2(double clip, int dimension) {
        return new ClippedSum(clip, true, dimension);
    }

    /**
     * An empty sum of vectors of L1 norm at most C.
     *
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param dimension length of the vectors; at least 1
     * @return the sum
     */
    public static ClippedSum l1(double clip, int dimension) {
        return new ClippedSum(clip, false, dimension);
    }

    /**
     * Adds what one record contributes.
     *
     * @param vector of this dimension, finite; not modified
     * @return this
     */
    public ClippedSum add(double[] vector) {
        requireLength(vector.length);
        System.arraycopy(vector, 0, scratch, 0, vector.length);
        return addScratch();
    }

    /**
     * Adds what one record contributes.
     *
     * @param vector of this dimension, finite; not modified
     * @return this
     */
    public ClippedSum add(float[] vector) {
        requireLength(vector.length);
        for (int i = 0; i < vector.length; i++) {
            scratch[i] = vector[i];
        }
        return addScratch();
    }

    /**
     * Adds another sum.
     *
     * @param other of the same clip, norm and dimension, of other records; not modified
     * @return this
     */
    public ClippedSum merge(ClippedSum other) {
        if (other == this) {
            throw new IllegalArgumentException("other must be another sum, was this one");
        }
        require(other.clip, other.l2, other.dimension());
        requireRecords(Math.addExact(records, other.records));
        records += other.records;
        for (int i = 0; i < sum.length; i++) {
            sum[i] += other.sum[i];
        }
        return this;
    }

    /**
     * Returns the length of the vectors.
     *
     * @return at least 1
     */
    public int dimension() {
        return sum.length;
    }

    private ClippedSum addScratch() {
        double most = 0;
        for (double x : scratch) {
            // NaN stays NaN.
            most = Math.max(most, Math.abs(x));
        }
        if (!Double.isFinite(most)) {
            refuse();
        }
        requireRecords(records + 1);
        if (most > 0) {
            round(most);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += rounded[i];
            }
        }
        records++;
        return this;
    }

    private void refuse() {
        for (int i = 0; i < scratch.length; i++) {
            if (!Double.isFinite(scratch[i])) {
                throw new IllegalArgumentException("vector must be finite, coordinate " + i + " was " + scratch[i]);
            }
        }
    }

    /** Brings the vector into the ball of lattice radius bound. */
    private void round(double most) {
        // By powers of two, without rounding: most in [1, 2) keeps squares in range.
        int shift = -Math.getExponent(most);
        double power = Math.scalb(1.0, shift);
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] *= power;
        }
        double norm = norm();
        // Rounding each coordinate moves a vector by half the root of the dimension (L1: half the dimension) at most.
        double room = bound - (l2 ? Math.sqrt(scratch.length) : scratch.length) / 2;
        double unit = Math.scalb(1.0, Math.max(-1100, Math.min(1000, -shift - exponent)));
        double factor = norm * unit <= room ? unit : room / norm;
        while (!roundBy(factor)) {
            // The norm was computed a little too small.
            factor *= 1 - 0x1p-20;
        }
    }

    private double norm() {
        double norm = 0;
        if (l2) {
            for (double x : scratch) {
                norm += x * x;
            }
            return Math.sqrt(norm);
        }
        for (double x : scratch) {
            norm += Math.abs(x);
        }
        return norm;
    }

    private boolean roundBy(double factor) {
        for (int i = 0; i < scratch.length; i++) {
            rounded[i] = (long) Math.rint(scratch[i] * factor);
        }
        long size = 0;
        if (l2) {
            for (long k : rounded) {
                size += k * k;
            }
            return size <= bound * bound;
        }
        for (long k : rounded) {
            size += Math.abs(k);
        }
        return size <= bound;
    }

    private void requireLength(int length) {
        if (length != sum.length) {
            throw new IllegalArgumentException("vector must have length " + sum.length + ", had " + length);
        }
    }

    private void requireRecords(long number) {
        if (number > 1L << (l2 ? 35 : 25)) {
            throw new IllegalStateException("records must be at most 2^" + (l2 ? 35 : 25) + ", were " + number);
        }
    }

    /** Refuses a sum that is not of this kind. */
    void require(double wantedClip, boolean wantedL2, int wantedDimension) {
        if (clip != wantedClip || l2 != wantedL2 || sum.length != wantedDimension) {
            throw new IllegalArgumentException("sum must be of " + kind(wantedClip, wantedL2, wantedDimension)
                    + ", was of " + kind(clip, l2, sum.length));
        }
    }

    private static String kind(double clip, boolean l2, int dimension) {
        return (l2 ? "L2" : "L1") + " clip " + clip + " and dimension " + dimension;
    }

    static void requireClip(double clip) {
        if (!(0x1p-900 <= clip && clip <= 0x1p900)) {
            throw new IllegalArgumentException("clip must be in [2^-900, 2^900], was " + clip);
        }
    }

    static int exponent(double clip, boolean l2) {
        return Math.getExponent(clip) - (l2 ? L2_DIGITS : L1_DIGITS);
    }

    /** The clip in steps, rounded down: no contribution is longer. */
    static long bound(double clip, boolean l2) {
        return (long) Math.scalb(clip, -exponent(clip, l2));
    }

    /** The sum in steps. */
    long[] steps() {
        return sum.clone();
    }

    static void put(long[] points, int exponent, float[] into) {
        double step = Math.scalb(1.0, exponent);
        for (int i = 0; i < into.length; i++) {
            into[i] = (float) (points[i] * step);
        }
    }

    static double[] toDoubles(long[] points, int exponent) {
        double[] values = new double[points.length];
        double step = Math.scalb(1.0, exponent);
        for (int i = 0; i < points.length; i++) {
            values[i] = points[i] * step;
        }
        return values;
    }

    @Override
    public String toString() {
        return "ClippedSum of " + kind(clip, l2, sum.length);
    }
}
