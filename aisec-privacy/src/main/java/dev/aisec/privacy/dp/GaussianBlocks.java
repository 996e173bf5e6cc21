// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * What the two Gaussians share: |X| as a block, of a width W that is a power of two, and a position F in [0, 1) within it.
 *
 * <p>With a = W² / (2σ²) the density at (h + F) W is proportional to e^-(a (h + F)²). Block h is drawn with weight e^-(a h²),
 * its density's height at the left end; the position is uniform; and both are kept with probability e^-(a F (2h + F)). Blocks
 * from {@link #tailFrom} = H on have weight e^-(a H²) e^-(2 a H (h - H)) instead, which sums to a closed form, and are kept
 * with probability e^-(a (F² + 2hF + (h - H)²)).
 */
final class GaussianBlocks {
    /** Blocks within the table: at least 8.5 σ. */
    private static final int BLOCKS = 255;

    /** Binary digits of W. */
    final int widthBits;
    /** H. */
    final int tailFrom;

    final CumulativeTable table;

    /** floor(2⁷¹ a), where a &lt; 2⁻⁸; 0 where every position is 0. */
    private final long slope;
    /** a = numerator / denominator. */
    private final BigInteger numerator;

    private final BigInteger denominator;

    GaussianBlocks(double sigma) {
        // The smallest power of two that is at least σ / 30.
        widthBits = Math.max(0, Math.getExponent(Math.nextDown(sigma / 30)) + 1);
        tailFrom = widthBits > 0 ? BLOCKS : Math.min(BLOCKS, (int) Math.ceil(9 * sigma) + 1);
        ExactDouble.Ratio s = ExactDouble.Ratio.of(sigma);
        numerator = s.denominator().pow(2).shiftLeft(2 * widthBits);
        denominator = s.numerator().pow(2).shiftLeft(1);
        slope = widthBits == 0 ? 0 : numerator.shiftLeft(71).divide(denominator).longValueExact();
        table = new CumulativeTable(this::weights);
    }

    private Enclosure[] weights(int precision) {
        // e^-(a (h+1)²) = e^-(a h²) e^-(a (2h+1)), and the last factor is a power of e^-a, too.
        Enclosure factor = FixedExp.enclose(numerator, denominator, precision);
        Enclosure square = factor.times(factor, precision);
        Enclosure one = Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        Enclosure[] weights = new Enclosure[tailFrom + 1];
        weights[0] = one;
        for (int h = 1; h <= tailFrom; h++) {
            weights[h] = weights[h - 1].times(factor, precision);
            factor = factor.times(square, precision);
        }
        Enclosure ratio =
                FixedExp.enclose(numerator.multiply(BigInteger.valueOf(2L * tailFrom)), denominator, precision);
        weights[tailFrom] = weights[tailFrom].over(one.minus(ratio), precision);
        return weights;
    }

    /**
     * 2⁶² times the probability to keep, too large by at most 12 units and off by those of the exponential.
     *
     * @param block h &lt; H
     * @param position the first 63 binary digits of F
     */
    long keepProbability(long block, long position) {
        // 2⁶⁰ a F (2h + F). Rounded down: slope by 2⁻⁷¹ · 2⁹, 2h + F by 2⁻⁵⁴ · 2⁻⁸, the products by 2⁻⁶¹ and 2⁻⁶⁰, F by
        // 2⁻⁶³ · 1.2: together below 3 units.
        long sum = (block << 55) + (position >>> 9);
        return FixedExp.fast(Math.multiplyHigh(Math.multiplyHigh(slope, sum), position));
    }

    /** The number of the tail's block that is drawn: H + i with probability proportional to e^-(2 a H i). */
    long tailBlock(BitSource bits) {
        long block = tailFrom;
        BigInteger exponent = numerator.multiply(BigInteger.valueOf(2L * tailFrom));
        while (ExactBernoulli.exp(exponent, denominator, bits)) {
            block++;
        }
        return block;
    }

    /**
     * Whether to keep, to any precision.
     *
     * @param block h, also in the tail
     * @param position the first digits of F
     * @param positionDigits how many they are
     * @param whole whether F has no further digits
     * @param coin the first digits of the number that is compared with the probability
     * @param coinDigits how many they are
     */
    boolean keep(
            long block,
            BigInteger position,
            int positionDigits,
            boolean whole,
            BigInteger coin,
            int coinDigits,
            BitSource bits) {
        BigInteger f = position;
        BigInteger u = coin;
        int fDigits = positionDigits;
        int uDigits = coinDigits;
        while (true) {
            int spare = 32;
            BigInteger high = enclose(block, f, fDigits, uDigits + spare).high();
            BigInteger low = enclose(block, whole ? f : f.add(BigInteger.ONE), fDigits, uDigits + spare)
                    .low();
            if (u.add(BigInteger.ONE).shiftLeft(spare).compareTo(low) <= 0) {
                return true;
            }
            if (u.shiftLeft(spare).compareTo(high) >= 0) {
                return false;
            }
            u = u.shiftLeft(Long.SIZE).or(ExactBernoulli.unsigned(bits.nextLong()));
            uDigits += Long.SIZE;
            if (!whole) {
                f = f.shiftLeft(Long.SIZE).or(ExactBernoulli.unsigned(bits.nextLong()));
                fDigits += Long.SIZE;
            }
        }
    }

    /** e^-(a (F² + 2hF + i²)) for F = f / 2^digits and i = max(0, h - H). */
    private Enclosure enclose(long block, BigInteger f, int digits, int precision) {
        BigInteger beyond = BigInteger.valueOf(Math.max(0, block - tailFrom));
        BigInteger sum = f.add(BigInteger.valueOf(2 * block).shiftLeft(digits))
                .multiply(f)
                .add(beyond.multiply(beyond).shiftLeft(2 * digits));
        return FixedExp.enclose(numerator.multiply(sum), denominator.shiftLeft(2 * digits), precision);
    }
}
