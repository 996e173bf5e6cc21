// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;

/**
 * Prefix sums of a stream by factorisation of the summing matrix A = B C: C x gets Gaussian noise, B of it is released. C is the
 * Toeplitz square root of A, with c₀ = 1, c_j = c_{j−1} (2j − 1) / (2j), or its first bands only.
 *
 * <p>Guarantee: the loss of one Gaussian release for all prefix sums together. What is drawn is C x + z, with z normal of σ =
 * noiseMultiplier · C_clip · sens(C), rounded to a lattice exactly; the coefficients are multiples of 2⁻¹⁶, so that C x is exact
 * in integers; all else is post-processing. sens(C) is exact for these coefficients: the largest norm of a sum of k columns at
 * least b apart, which for non-negative falling coefficients are the columns 1, 1 + b, 1 + 2b and so on; for k = 1 the norm of
 * the first column. The square root is within a constant of the best factorisation for one participation, and better than the
 * binary tree; with bands ≤ b no two columns of a record overlap, which is better for many participations and needs memory for
 * as many vectors as bands.
 *
 * <p>Assumptions: a record takes part in at most k steps, any two at least b apart; the number of steps is public. Later vectors
 * may depend on earlier releases. The intervals are for the sum of the clipped vectors.
 *
 * <p>Source: Henzinger, Upadhyay, Upadhyay, Almost Tight Error Bounds on Differentially Private Continual Counting, SODA 2023
 * (square root); Fichtenberger, Henzinger, Upadhyay, Constant Matters, ICML 2023; Choquette-Choo, Ganesh, McKenna, McMahan,
 * Rush, Thakurta, Xu, (Amplified) Banded Matrix Factorization, NeurIPS 2023, theorem 2 (bands); Kalinin, Lampert, Banded Square
 * Root Matrix Factorization for Differentially Private Model Training, NeurIPS 2024, theorem 2 (sensitivity).
 *
 * @param steps T, the number of steps; in [1, 2²⁰]
 * @param bands how many coefficients of the square root are kept; in [1, min(T, 2¹⁴)]
 * @param participations k, in how many steps a record takes part at most; in [1, T]
 * @param separation b, how many steps lie from one participation to the next at least; in [1, T]
 * @param clip Euclidean norm of a record's vector in one step; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier of the loss of the whole stream (halved under REPLACE_ONE); at least 2⁻¹⁵, and σ at most 2⁵⁰ steps of
 *     the lattice
 */
public record MatrixFactorization(
        int steps, int bands, int participations, int separation, double clip, double noiseMultiplier)
        implements Mechanism<List<ClippedSum>, double[][]> {
    /** Coefficients are multiples of 2^-DIGITS. */
    private static final int DIGITS = 16;

    private static final double UNIT = 1.0 / (1 << DIGITS);

    private static final int MOST_BANDS = 1 << 14;

    /** Checks the parameters. */
    public MatrixFactorization {
        requireInt("steps", steps, 1 << 20);
        requireInt("bands", bands, Math.min(steps, MOST_BANDS));
        requireInt("participations", participations, steps);
        requireInt("separation", separation, steps);
        ClippedSum.requireClip(clip);
        Checks.requireRange("noiseMultiplier", noiseMultiplier, 0x1p-15, 0x1p20);
        double sigma = sigma(steps, bands, participations, separation, clip, noiseMultiplier);
        if (sigma > RoundedGaussian.MAX_SIGMA) {
            throw new IllegalArgumentException(
                    "noiseMultiplier must give at most 2^50 steps of noise, was " + noiseMultiplier);
        }
    }

    /**
     * The square root, for records that take part once.
     *
     * @param steps T; in [1, 2¹⁴]
     * @param clip Euclidean norm of a record's vector; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param noiseMultiplier of the loss of the whole stream; at least 2⁻¹⁵
     * @return the mechanism
     */
    public static MatrixFactorization squareRoot(int steps, double clip, double noiseMultiplier) {
        return new MatrixFactorization(steps, steps, 1, 1, clip, noiseMultiplier);
    }

    /**
     * The banded square root with as many bands as the separation, for records that take part several times.
     *
     * @param steps T; in [1, 2²⁰]
     * @param participations k; in [1, T]
     * @param separation b; in [1, min(T, 2¹⁴)]
     * @param clip Euclidean norm of a record's vector in one step; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param noiseMultiplier of the loss of the whole stream; at least 2⁻¹⁵
     * @return the mechanism
     */
    public static MatrixFactorization banded(
            int steps, int participations, int separation, double clip, double noiseMultiplier) {
        return new MatrixFactorization(steps, separation, participations, separation, clip, noiseMultiplier);
    }

    /**
     * An empty sum for the vectors of a step.
     *
     * @param dimension length of the vectors; at least 1
     * @return the sum
     */
    public ClippedSum sum(int dimension) {
        return ClippedSum.l2(clip, dimension);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        return new PrivacyLoss.Gaussian(noiseMultiplier / asked.clippedSumFactor(), asked);
    }

    /**
     * The sensitivity of C in units of the clip: the largest norm of what one record can move.
     *
     * @return rounded up; at least 1
     */
    public double sensitivity() {
        return Math.scalb(sensitivity(coefficients(bands), steps, participations, separation), -DIGITS);
    }

    /**
     * Standard deviations of a coordinate of every prefix sum: σ times the norms of the rows of B.
     *
     * @return T values, in the unit of the vectors
     */
    public double[] standardDeviations() {
        Factor factor = new Factor(this);
        double[] all = new double[steps];
        for (int i = 0; i < steps; i++) {
            factor.extend();
            all[i] = factor.standardDeviation(i + 1);
        }
        return all;
    }

    /**
     * Prefix sums of a stream that is all there.
     *
     * @param stream sums of {@link #sum}, one per step, at most T, all of one dimension
     * @param token for this mechanism's loss
     * @return the prefix sums
     */
    @Override
    public Release<double[][]> release(List<ClippedSum> stream, SpendToken token) {
        return Streams.release(
                stream, steps, clip, token, () -> open(stream.get(0).dimension(), token));
    }

    /**
     * Opens a session for vectors that come step by step.
     *
     * @param dimension length of the vectors; at least 1
     * @param token for this mechanism's loss; it pays for all T steps
     * @return the session
     */
    public PrefixSums open(int dimension, SpendToken token) {
        token.use(loss(token.loss().neighbouring()));
        return new PrefixSums(new Factor(this), steps, clip, dimension, token);
    }

    private static void requireInt(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + " must be in [1, " + most + "], was " + value);
        }
    }

    /** The coefficients in units of 2^-DIGITS; rounding keeps them falling, and any such matrix is private and exact. */
    static int[] coefficients(int bands) {
        int[] all = new int[bands];
        double c = 1 << DIGITS;
        for (int j = 0; j < bands; j++) {
            c *= j == 0 ? 1 : (2.0 * j - 1) / (2.0 * j);
            all[j] = (int) Math.rint(c);
        }
        return all;
    }

    /** In units of 2^-DIGITS, rounded up; the sum of squares is exact. */
    static double sensitivity(int[] coefficients, int steps, int participations, int separation) {
        long[] column = new long[steps];
        for (long i = 0, at = 0; i < participations && at < steps; i++, at += separation) {
            int n = (int) Math.min(coefficients.length, steps - at);
            for (int j = 0; j < n; j++) {
                column[(int) at + j] += coefficients[j];
            }
        }
        double high = 0;
        long low = 0;
        for (long x : column) {
            // Entries are below 2³⁶ and mostly far below; squares are summed where they are exact.
            if (x < 1L << 20 && low < 1L << 62) {
                low += x * x;
            } else {
                high = Math.nextUp(high + Math.nextUp((double) x * x));
            }
        }
        return Math.nextUp(Math.sqrt(Math.nextUp(high + Math.nextUp((double) low))));
    }

    private static double sigma(
            int steps, int bands, int participations, int separation, double clip, double noiseMultiplier) {
        double sensitivity = sensitivity(coefficients(bands), steps, participations, separation);
        return Arithmetic.timesUp(Arithmetic.timesUp(noiseMultiplier, ClippedSum.bound(clip, true)), sensitivity);
    }

    /** C x + z of the steps so far, as far as the bands reach, and what follows from it. */
    private static final class Factor implements PrefixSums.Engine {
        private final MatrixFactorization mechanism;
        private final int[] coefficients;
        private final double sigma;
        /** Rows of 1 / C and of B = A / C, which are Toeplitz, and the sums of squares of the latter. */
        private final double[] inverse;

        private final double[] squares;
        private double rowEntry;
        private int known;

        private final IntegerNoise noise;
        /** Rings of the last vectors and of their estimates, by step modulo bands. */
        private final long[][] vectors;

        private final double[][] estimates;
        private double[] prefix = new double[0];
        private int taken;

        Factor(MatrixFactorization mechanism) {
            this.mechanism = mechanism;
            coefficients = coefficients(mechanism.bands);
            sigma = sigma(
                    mechanism.steps,
                    mechanism.bands,
                    mechanism.participations,
                    mechanism.separation,
                    mechanism.clip,
                    mechanism.noiseMultiplier);
            inverse = new double[mechanism.steps];
            squares = new double[mechanism.steps];
            noise = RoundedGaussian.of(sigma);
            vectors = new long[mechanism.bands][];
            estimates = new double[mechanism.bands][];
        }

        /** The next entry of 1 / C and the next row of B. */
        void extend() {
            double entry = known == 0 ? 1 : 0;
            for (int j = 1; j < coefficients.length && j <= known; j++) {
                entry -= coefficients[j] * UNIT * inverse[known - j];
            }
            inverse[known] = entry;
            rowEntry += entry;
            squares[known] = (known == 0 ? 0 : squares[known - 1]) + rowEntry * rowEntry;
            known++;
        }

        @Override
        public double[] next(long[] sum, BitSource bits) {
            extend();
            int bands = coefficients.length;
            int slot = taken % bands;
            vectors[slot] = sum;
            // C x in two parts of 32 bits, then brought to the one form that depends on the sum alone.
            long[] high = new long[sum.length];
            long[] low = new long[sum.length];
            for (int j = 0; j < bands && j <= taken; j++) {
                long[] vector = vectors[(taken - j) % bands];
                long c = coefficients[j];
                for (int i = 0; i < sum.length; i++) {
                    high[i] += c * (vector[i] >> 32);
                    low[i] += c * (vector[i] & 0xFFFFFFFFL);
                }
            }
            noise.addTo(low, bits);
            double[] estimate = new double[sum.length];
            for (int i = 0; i < sum.length; i++) {
                estimate[i] = (high[i] + (low[i] >> 32)) * (0x1p32 * UNIT) + (low[i] & 0xFFFFFFFFL) * UNIT;
            }
            for (int j = 1; j < bands && j <= taken; j++) {
                double[] earlier = estimates[(taken - j) % bands];
                double c = coefficients[j] * UNIT;
                for (int i = 0; i < sum.length; i++) {
                    estimate[i] -= c * earlier[i];
                }
            }
            estimates[slot] = estimate;
            taken++;
            if (taken == 1) {
                prefix = new double[sum.length];
            }
            double step = Math.scalb(1.0, ClippedSum.exponent(mechanism.clip, true));
            double[] released = new double[sum.length];
            for (int i = 0; i < sum.length; i++) {
                prefix[i] += estimate[i];
                released[i] = prefix[i] * step;
            }
            return released;
        }

        @Override
        public double standardDeviation(int step) {
            int exponent = ClippedSum.exponent(mechanism.clip, true) - DIGITS;
            return Math.scalb(sigma * Math.sqrt(squares[step - 1]), exponent);
        }

        @Override
        public Evidence evidence(SpendToken token, Measurement measured) {
            return Reporting.evidence(
                    mechanism,
                    token,
                    Map.of(
                            "steps", mechanism.steps,
                            "bands", mechanism.bands,
                            "participations", mechanism.participations,
                            "separation", mechanism.separation,
                            "sensitivity", mechanism.sensitivity(),
                            "clip", mechanism.clip,
                            "noise-multiplier", mechanism.noiseMultiplier),
                    measured);
        }
    }
}
