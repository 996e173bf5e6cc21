// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * The discrete Gaussian distribution on the integers, sampled exactly: P(k) proportional to e^-(k² / (2σ²)).
 *
 * <p>Guarantee: given uniform bits, every value has exactly its probability; no floating point is used. The work, and so the
 * time, does not depend on the value, but for refinements and a tail that come once in more than 2⁵⁰ draws; when draws are
 * rejected, all is drawn anew, so that their number says nothing about the value either. The variance is at most σ².
 *
 * <p>A value that is drawn here is accounted for nowhere; the mechanisms do both. Immutable.
 *
 * <p>How: |k| is split into blocks of a width near σ/20. A table of certified cumulative weights gives the block, uniform bits
 * the place within, and a coin of the exact probability decides whether they are kept. The sign is a fair coin, and minus zero
 * is rejected.
 *
 * <p>Source: Canonne, Kamath and Steinke, The discrete Gaussian for differential privacy, NeurIPS 2020 (the distribution,
 * theorem 4 its privacy, corollary 9 its variance).
 */
public final class DiscreteGaussian extends IntegerNoise {
    /** The largest σ: 2⁵⁰. */
    public static final double MAX_SIGMA = 0x1p50;

    /** Up to here the digits of a position and those of its coin come from the same word. */
    private static final int SHARED_BITS = 8;
    /**
     * What the comparison of the coin cannot tell, in units of 2⁻⁶²: the exponential's error of 32, that of its argument (12),
     * the digits that a shared word lacks (64) and those cut (1).
     */
    private static final long DOUBT = 128;

    private static final Recent<DiscreteGaussian> RECENT = new Recent<>(KEPT_BITS, DiscreteGaussian::new);

    private final double sigma;
    private final GaussianBlocks blocks;
    private final int widthBits;
    private final long positionMask;
    private final int sharedShift;

    private DiscreteGaussian(double sigma) {
        Checks.requireRange("sigma", sigma, Double.MIN_VALUE, MAX_SIGMA);
        this.sigma = sigma;
        blocks = new GaussianBlocks(sigma);
        widthBits = blocks.widthBits;
        positionMask = (1L << widthBits) - 1 << 63 - widthBits;
        sharedShift = widthBits <= SHARED_BITS ? widthBits : -1;
    }

    /**
     * The distribution of a σ.
     *
     * @param sigma σ, in (0, 2⁵⁰]; the double's exact value counts
     * @return the distribution
     */
    public static DiscreteGaussian of(double sigma) {
        return RECENT.get(sigma);
    }

    /**
     * The parameter σ.
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
            long position = 0;
            if (widthBits > 0) {
                long place = bits.nextLong();
                long coin = sharedShift < 0 ? bits.nextLong() : place << sharedShift;
                position = place >>> 1 & positionMask;
                long difference = (coin >>> 2) - blocks.keepProbability(block, position);
                if (block == blocks.tailFrom) {
                    difference = 0;
                    block = blocks.tailBlock(bits);
                }
                if (difference > -DOUBT && (difference >= DOUBT || !keep(block, position, coin, bits))) {
                    continue;
                }
            } else if (block == blocks.tailFrom) {
                block = blocks.tailBlock(bits);
                if (!blocks.keep(block, BigInteger.ZERO, 0, true, BigInteger.ZERO, 0, bits)) {
                    continue;
                }
            }
            long magnitude = (block << widthBits) + (position >>> 63 - widthBits);
            long sign = word & 1;
            if ((magnitude | 1 - sign) != 0) {
                return (magnitude ^ -sign) + sign;
            }
        }
    }

    private boolean keep(long block, long position, long coin, BitSource bits) {
        int digits = sharedShift < 0 ? Long.SIZE : Long.SIZE - sharedShift;
        return blocks.keep(
                block,
                BigInteger.valueOf(position >>> 63 - widthBits),
                widthBits,
                true,
                ExactBernoulli.unsigned(coin).shiftRight(Long.SIZE - digits),
                digits,
                bits);
    }

    /**
     * An m with P(|X| &gt; m) ≤ upperTail, certified. For σ below 2⁸ the smallest. Above, the smallest at which the normal
     * distribution's tail beyond m + ½ is below: as its density is convex beyond σ, and as the sum of e^-(k²/(2σ²)) is at least
     * the integral, the tail of the discrete distribution is smaller.
     */
    @Override
    long certifiedQuantile(double upperTail) {
        return sigma < 256
                ? GaussianQuantile.discreteQuantile(sigma, upperTail)
                : Math.max((long) Math.ceil(sigma), GaussianQuantile.roundedQuantile(sigma, upperTail));
    }

    CumulativeTable table() {
        return blocks.table;
    }

    int widthBits() {
        return widthBits;
    }
}
