// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Prefix sums of a stream by the binary tree: noise goes on the sums of dyadic blocks, so that every prefix needs few of them. The
 * error grows with the logarithm of the number of steps, not with its root.
 *
 * <p>Guarantee: the loss of one Gaussian release for all prefix sums together, whatever the stream. A record that takes part in one
 * step is in at most L = ⌊log₂ T⌋ + 1 blocks, so that the vector of all blocks has L2 sensitivity C √L; the noise on each is
 * normal of σ = noiseMultiplier · C √L, rounded to the lattice exactly. Where a block is complete, its own noisy sum and those
 * of its halves are averaged with the best weights, which costs nothing: a prefix sum of one block of 2^l has variance
 * σ² v with v₀ = 1 and v = 2v' / (1 + 2v'), near σ²/2.
 *
 * <p>Assumptions: a record takes part in one step only; the number of steps is public. Later vectors may depend on earlier
 * releases. The intervals are for the sum of the clipped vectors.
 *
 * <p>Source: Dwork, Naor, Pitassi, Rothblum, Differential Privacy under Continual Observation, STOC 2010; Honaker, Efficient Use
 * of Differentially Private Binary Trees, TPDP 2015 (estimation from below); Kairouz, McMahan, Song, Thakkar, Thakurta, Xu,
 * Practical and Private (Deep) Learning without Sampling or Shuffling, ICML 2021, appendix B.
 *
 * @param steps T, the number of steps; in [1, 2³⁰]
 * @param clip C, Euclidean norm of a record's vector; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier of the loss of the whole stream (halved under REPLACE_ONE); in [2⁻¹⁵, 2¹⁶]
 */
public record TreeAggregation(int steps, double clip, double noiseMultiplier)
        implements Mechanism<List<ClippedSum>, double[][]> {
    /** Checks the parameters. */
    public TreeAggregation {
        if (steps < 1 || steps > 1 << 30) {
            throw new IllegalArgumentException("steps must be in [1, 2^30], was " + steps);
        }
        ClippedSum.requireClip(clip);
        Checks.requireRange("noiseMultiplier", noiseMultiplier, 0x1p-15, 0x1p16);
    }

    /**
     * For a stream.
     *
     * @param steps T; in [1, 2³⁰]
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param noiseMultiplier of the loss of the whole stream; in [2⁻¹⁵, 2¹⁶]
     * @return the mechanism
     */
    public static TreeAggregation of(int steps, double clip, double noiseMultiplier) {
        return new TreeAggregation(steps, clip, noiseMultiplier);
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
     * Standard deviation of a coordinate of a prefix sum.
     *
     * @param step how many steps are summed; in [1, T]
     * @return in the unit of the vectors
     */
    public double standardDeviation(int step) {
        if (step < 1 || step > steps) {
            throw new IllegalArgumentException("step must be in [1, " + steps + "], was " + step);
        }
        double variance = 0;
        for (int level = 0; level < Integer.SIZE; level++) {
            if ((step >> level & 1) != 0) {
                variance += variance(level);
            }
        }
        return Math.scalb(sigma() * Math.sqrt(variance), ClippedSum.exponent(clip, true));
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
        return new PrefixSums(new Tree(this), steps, clip, dimension, token);
    }

    /** σ of a block in steps of the lattice. */
    double sigma() {
        int blocks = Integer.SIZE - Integer.numberOfLeadingZeros(steps);
        return Arithmetic.timesUp(
                Arithmetic.timesUp(noiseMultiplier, ClippedSum.bound(clip, true)), Arithmetic.rootUp(blocks));
    }

    private static double variance(int level) {
        double variance = 1;
        for (int i = 0; i < level; i++) {
            variance = 2 * variance / (1 + 2 * variance);
        }
        return variance;
    }

    /** The blocks that make up the present prefix, each half as long as the one before at most. */
    private static final class Tree implements PrefixSums.Engine {
        private final TreeAggregation mechanism;
        private final IntegerNoise noise;
        private final Deque<Block> blocks = new ArrayDeque<>();

        Tree(TreeAggregation mechanism) {
            this.mechanism = mechanism;
            noise = RoundedGaussian.of(mechanism.sigma());
        }

        @Override
        public double[] next(long[] sum, BitSource bits) {
            Block block = new Block(0, sum, noisy(sum, bits));
            while (!blocks.isEmpty() && blocks.getLast().level == block.level) {
                block = joined(blocks.removeLast(), block, bits);
            }
            blocks.addLast(block);
            double[] prefix = new double[sum.length];
            for (Block part : blocks) {
                for (int i = 0; i < prefix.length; i++) {
                    prefix[i] += part.estimate[i];
                }
            }
            double step = Math.scalb(1.0, ClippedSum.exponent(mechanism.clip, true));
            for (int i = 0; i < prefix.length; i++) {
                prefix[i] *= step;
            }
            return prefix;
        }

        private Block joined(Block left, Block right, BitSource bits) {
            int level = left.level + 1;
            long[] sum = new long[left.sum.length];
            for (int i = 0; i < sum.length; i++) {
                sum[i] = Arithmetic.plusClamped(left.sum[i], right.sum[i]);
            }
            double[] estimate = noisy(sum, bits);
            double own = variance(level);
            for (int i = 0; i < sum.length; i++) {
                estimate[i] = own * estimate[i] + (1 - own) * (left.estimate[i] + right.estimate[i]);
            }
            return new Block(level, sum, estimate);
        }

        private double[] noisy(long[] sum, BitSource bits) {
            long[] points = sum.clone();
            noise.addTo(points, bits);
            return ClippedSum.toDoubles(points, 0);
        }

        @Override
        public double standardDeviation(int step) {
            return mechanism.standardDeviation(step);
        }

        @Override
        public Evidence evidence(SpendToken token, Measurement measured) {
            return Reporting.evidence(
                    mechanism,
                    token,
                    Map.of(
                            "steps", mechanism.steps,
                            "clip", mechanism.clip,
                            "noise-multiplier", mechanism.noiseMultiplier),
                    measured);
        }
    }

    /** A dyadic block: its exact sum and the best estimate of it from noisy sums. */
    private static final class Block {
        private final int level;
        private final long[] sum;
        private final double[] estimate;

        Block(int level, long[] sum, double[] estimate) {
            this.level = level;
            this.sum = sum;
            this.estimate = estimate;
        }
    }
}
