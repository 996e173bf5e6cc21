// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * The discrete Laplace (two-sided geometric) distribution on the integers, sampled exactly: P(k) = e^-(|k|/t) (1 - q) / (1 + q)
 * with q = e^-(1/t).
 *
 * <p>Guarantee: given uniform bits, every value has exactly its probability; no floating point is used. The work, and so the
 * time, does not depend on the value, but for refinements that come once in more than 2⁵⁰ draws; when draws are rejected, all
 * is drawn anew, so that their number says nothing about the value either.
 *
 * <p>A value that is drawn here is accounted for nowhere; the mechanisms do both. Immutable.
 *
 * <p>How: |k| is geometric. Its high part (beyond a power of two near t), the six binary digits below and the rest are
 * independent, as the geometric distribution has no memory. The first two come from tables of certified cumulative
 * probabilities, the rest from uniform bits that are kept with probability e^-(rest/t). The sign is a fair coin, and minus
 * zero is rejected.
 *
 * <p>Source: Ghosh, Roughgarden and Sundararajan, Universally utility-maximizing privacy mechanisms, STOC 2009 (the
 * distribution); Canonne, Kamath and Steinke, The discrete Gaussian for differential privacy, NeurIPS 2020, section 5 (exact
 * sampling in rationals).
 */
public final class DiscreteLaplace extends IntegerNoise {
    /** The largest scale: 2⁵⁰. */
    public static final double MAX_SCALE = 0x1p50;

    private static final int LOW_BITS = 6;
    private static final int HIGH_OUTCOMES = 128;
    /** Up to here the digits of a position and those of its coin come from the same word. */
    private static final int SHARED_BITS = 8;
    /**
     * What the comparison of the coin cannot tell, in units of 2⁻⁶²: the exponential's error of 32, that of its argument (2
     * units of 2⁻⁶⁰), the digits that a shared word lacks (64) and those cut (1).
     */
    private static final long DOUBT = 128;

    private static final Recent<DiscreteLaplace> RECENT = new Recent<>(KEPT_BITS, DiscreteLaplace::new);

    private final double scale;
    private final ExactDouble.Ratio t;
    private final int lowBits;
    private final int restBits;
    private final int highShift;
    private final long restMask;
    private final int sharedShift;
    /** floor(2⁶¹ 2^restBits / t): below 2⁵⁶. */
    private final long slope;

    private final CumulativeTable high;
    private final CumulativeTable low;

    private DiscreteLaplace(double scale) {
        Checks.requireRange("scale", scale, Double.MIN_VALUE, MAX_SCALE);
        this.scale = scale;
        t = ExactDouble.Ratio.of(scale);
        highShift = Math.max(0, Math.getExponent(scale));
        lowBits = Math.min(highShift, LOW_BITS);
        restBits = highShift - lowBits;
        restMask = (1L << restBits) - 1 << 63 - restBits;
        sharedShift = restBits <= SHARED_BITS ? restBits : -1;
        slope = restBits == 0
                ? 0
                : t.denominator().shiftLeft(61 + restBits).divide(t.numerator()).longValueExact();
        high = new CumulativeTable(precision -> geometric(highShift, HIGH_OUTCOMES, true, precision));
        low = new CumulativeTable(precision -> geometric(restBits, 1 << lowBits, false, precision));
    }

    /**
     * The distribution of a scale.
     *
     * @param scale t, in (0, 2⁵⁰]; the double's exact value counts
     * @return the distribution
     */
    public static DiscreteLaplace of(double scale) {
        return RECENT.get(scale);
    }

    /** e^-(i 2^shift / t) for i = 0, 1, …; if open, the last stands for all from there on. */
    private Enclosure[] geometric(int shift, int n, boolean open, int precision) {
        Enclosure ratio = FixedExp.enclose(t.denominator().shiftLeft(shift), t.numerator(), precision);
        Enclosure one = Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        Enclosure[] weights = new Enclosure[n];
        weights[0] = one;
        for (int i = 1; i < n; i++) {
            weights[i] = weights[i - 1].times(ratio, precision);
        }
        if (open) {
            weights[n - 1] = weights[n - 1].over(one.minus(ratio), precision);
        }
        return weights;
    }

    /**
     * The scale.
     *
     * @return t
     */
    public double scale() {
        return scale;
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
            long magnitude = high.draw(word >>> 1, bits);
            if (magnitude == HIGH_OUTCOMES - 1) {
                magnitude += tail(bits);
            }
            magnitude <<= lowBits;
            if (lowBits > 0) {
                magnitude += low.draw(bits.nextLong() >>> 1, bits);
            }
            if (restBits > 0) {
                long position = bits.nextLong();
                long coin = sharedShift < 0 ? bits.nextLong() : position << sharedShift;
                long rest = position >>> 1 & restMask;
                long difference = (coin >>> 2) - FixedExp.fast(Math.multiplyHigh(slope, rest));
                magnitude = (magnitude << restBits) + (rest >>> 63 - restBits);
                if (difference > -DOUBT && (difference >= DOUBT || !keep(rest, coin, bits))) {
                    continue;
                }
            }
            long sign = word & 1;
            if ((magnitude | 1 - sign) != 0) {
                return (magnitude ^ -sign) + sign;
            }
        }
    }

    /** What is beyond the table is distributed as the whole. */
    private long tail(BitSource bits) {
        long sum = 0;
        while (true) {
            int more = high.draw(bits.nextLong() >>> 1, bits);
            sum += more;
            if (more < HIGH_OUTCOMES - 1) {
                return sum;
            }
        }
    }

    private boolean keep(long rest, long coin, BitSource bits) {
        BigInteger numerator = BigInteger.valueOf(rest >>> 63 - restBits).multiply(t.denominator());
        int digits = sharedShift < 0 ? Long.SIZE : Long.SIZE - sharedShift;
        return ExactBernoulli.below(
                ExactBernoulli.unsigned(coin).shiftRight(Long.SIZE - digits),
                digits,
                precision -> FixedExp.enclose(numerator, t.numerator(), precision),
                bits);
    }

    /** The smallest m with P(|X| &gt; m) ≤ upperTail, certified: P(|X| &gt; m) = 2 q^(m+1) / (1 + q). */
    @Override
    long certifiedQuantile(double upperTail) {
        // Near -t ln(tail); the search is by certified comparison.
        long step = Math.max(1, (long) Math.min(0x1p61, scale));
        long high = step;
        while (!below(high, upperTail)) {
            high += high;
        }
        long low = -1;
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (below(middle, upperTail)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /** Whether P(|X| &gt; m) ≤ tail for sure. */
    private boolean below(long m, double tail) {
        int precision = 128 - Math.getExponent(tail);
        ExactDouble.Ratio bound = ExactDouble.Ratio.of(tail);
        BigInteger power = FixedExp.enclose(
                        t.denominator().multiply(BigInteger.valueOf(m + 1)), t.numerator(), precision)
                .high();
        BigInteger ratio =
                FixedExp.enclose(t.denominator(), t.numerator(), precision).low();
        return power.shiftLeft(1)
                        .multiply(bound.denominator())
                        .compareTo(bound.numerator().multiply(ratio.add(BigInteger.ONE.shiftLeft(precision))))
                <= 0;
    }

    CumulativeTable highTable() {
        return high;
    }

    CumulativeTable lowTable() {
        return low;
    }

    int restBits() {
        return restBits;
    }
}
