// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * The normal distribution N(0, σ²) rounded to the nearest integer, sampled exactly: P(k) = Φ((k + ½)/σ) - Φ((k - ½)/σ).
 *
 * <p>Guarantee: given uniform bits, every value has exactly its probability; no floating point is used. Adding it to an integer
 * is the same as adding continuous normal noise and rounding, and rounding is post-processing: whatever is proven of the
 * Gaussian mechanism holds for it to the letter, also in many dimensions and under composition. The work does not depend on the
 * value, but for refinements and a tail that come once in more than 2⁵⁰ draws; when draws are rejected, all is drawn anew.
 *
 * <p>A value that is drawn here is accounted for nowhere; the mechanisms do both. Immutable.
 *
 * <p>How: as {@link DiscreteGaussian}, with a position of as many binary digits as the decision needs; those that decide on the
 * rounding are all in the first word. Ties have probability 0.
 *
 * <p>Source: Dwork and Roth, The Algorithmic Foundations of Differential Privacy, 2014, proposition 2.1 (post-processing).
 */
public final class RoundedGaussian extends IntegerNoise {
    /** The smallest σ: 32. Below, {@link DiscreteGaussian} serves better. */
    public static final double MIN_SIGMA = 32;
    /** The largest σ: 2⁵⁰. */
    public static final double MAX_SIGMA = 0x1p50;

    /**
     * What the comparison of the coin cannot tell, in units of 2⁻⁶²: the exponential's error of 32, that of its argument (12)
     * and the digits cut (1).
     */
    private static final long DOUBT = 64;

    private static final Recent<RoundedGaussian> RECENT = new Recent<>(KEPT_BITS, RoundedGaussian::new);

    private final double sigma;
    private final GaussianBlocks blocks;
    private final int widthBits;

    private RoundedGaussian(double sigma) {
        Checks.requireRange("sigma", sigma, MIN_SIGMA, MAX_SIGMA);
        this.sigma = sigma;
        blocks = new GaussianBlocks(sigma);
        widthBits = blocks.widthBits;
    }

    /**
     * The distribution of a σ.
     *
     * @param sigma σ, in [32, 2⁵⁰]; the double's exact value counts
     * @return the distribution
     */
    public static RoundedGaussian of(double sigma) {
        return RECENT.get(sigma);
    }

    /**
     * The standard deviation before rounding.
     *
     * @return σ
     */
    public double sigma() {
        return sigma;
    }

    @Override
    void fill(long[] out, int count, BitSource bits) {
        for (int i = 0; i < count; i++) {
            out[i] = sample(bits);
        }
    }

    @Override
    long sample(BitSource bits) {
        while (true) {
            long word = bits.nextLong();
            long block = blocks.table.draw(word >>> 1, bits);
            long place = bits.nextLong();
            long coin = bits.nextLong();
            long position = place >>> 1;
            long difference = (coin >>> 2) - blocks.keepProbability(block, position);
            if (block == blocks.tailFrom) {
                difference = 0;
                block = blocks.tailBlock(bits);
            }
            if (difference > -DOUBT && (difference >= DOUBT || !keep(block, place, coin, bits))) {
                continue;
            }
            // Half-units within the block, rounded: the first widthBits + 1 digits decide.
            long magnitude = (block << widthBits) + ((position >>> 62 - widthBits) + 1 >> 1);
            long sign = word & 1;
            return (magnitude ^ -sign) + sign;
        }
    }

    private boolean keep(long block, long place, long coin, BitSource bits) {
        return blocks.keep(
                block,
                ExactBernoulli.unsigned(place),
                Long.SIZE,
                false,
                ExactBernoulli.unsigned(coin),
                Long.SIZE,
                bits);
    }

    /** The smallest m with P(|X| &gt; m) ≤ upperTail, certified. */
    @Override
    long certifiedQuantile(double upperTail) {
        return GaussianQuantile.roundedQuantile(sigma, upperTail);
    }

    CumulativeTable table() {
        return blocks.table;
    }

    int widthBits() {
        return widthBits;
    }
}
