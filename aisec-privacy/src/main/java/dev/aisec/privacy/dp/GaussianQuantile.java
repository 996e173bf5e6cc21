// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;
import org.apache.commons.statistics.distribution.NormalDistribution;

/** Quantiles of the magnitude of normal noise on the integers, by certified comparisons. */
final class GaussianQuantile {
    private GaussianQuantile() {}

    /** The smallest m with P(|N(0, σ²)| &gt; m + ½) ≤ tail. */
    static long roundedQuantile(double sigma, double tail) {
        double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(Math.max(tail / 2, Double.MIN_VALUE));
        // A guess; from here on the comparisons are certified.
        long low = Math.max(0, (long) (z * sigma - 0.5));
        long step = 1;
        long high = low;
        while (!roundedBelow(sigma, high, tail)) {
            low = high;
            high += step;
            step += step;
        }
        if (high == low) {
            step = 1;
            while (low >= 0 && roundedBelow(sigma, low, tail)) {
                high = low;
                low -= step;
                step += step;
            }
            low = Math.max(-1, low);
        }
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (roundedBelow(sigma, middle, tail)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /** Whether for sure P(|N(0, σ²)| &gt; m + ½) = erfc((m + ½) / (σ √2)) ≤ tail. */
    private static boolean roundedBelow(double sigma, long m, double tail) {
        ExactDouble.Ratio s = ExactDouble.Ratio.of(sigma);
        BigInteger n = BigInteger.valueOf(2 * m + 1).multiply(s.denominator());
        BigInteger d = s.numerator().shiftLeft(1);
        int precision = 160 - 2 * Math.getExponent(tail);
        // With z = n / d: erf(z / √2) = √(2/π) e^-(z²/2) Σ z^(2i+1) / (1 · 3 ⋯ (2i+1)). All terms are positive: a sum
        // cut short and rounded down is a lower bound.
        BigInteger z = n.shiftLeft(precision).divide(d);
        BigInteger square = z.multiply(z).shiftRight(precision);
        BigInteger term = z;
        BigInteger sum = z;
        for (int i = 3; term.signum() > 0; i += 2) {
            term = term.multiply(square).shiftRight(precision).divide(BigInteger.valueOf(i));
            sum = sum.add(term);
        }
        BigInteger density = FixedExp.enclose(n.multiply(n), d.multiply(d).shiftLeft(1), precision)
                .low();
        BigInteger root = BigInteger.TWO
                .shiftLeft(3 * precision)
                .divide(piAbove(precision))
                .sqrt();
        BigInteger erf = sum.multiply(density).multiply(root).shiftRight(2 * precision);
        return atMost(BigInteger.ONE.shiftLeft(precision).subtract(erf), tail, precision);
    }

    private static boolean atMost(BigInteger value, double bound, int precision) {
        ExactDouble.Ratio b = ExactDouble.Ratio.of(bound);
        return value.multiply(b.denominator()).compareTo(b.numerator().shiftLeft(precision)) <= 0;
    }

    /** An upper bound of 2^precision π, by Machin's formula: 16 arctan(1/5) - 4 arctan(1/239). */
    private static BigInteger piAbove(int precision) {
        int work = precision + 16;
        BigInteger pi = arctan(5, work)
                .shiftLeft(4)
                .subtract(arctan(239, work).shiftLeft(2))
                // Each arctangent is off by less than three units a term, with a term to every four digits at most.
                .add(BigInteger.valueOf(20L * work));
        return Enclosure.ceilingShift(pi, 16);
    }

    private static BigInteger arctan(int inverse, int precision) {
        BigInteger square = BigInteger.valueOf((long) inverse * inverse);
        BigInteger power = BigInteger.ONE.shiftLeft(precision).divide(BigInteger.valueOf(inverse));
        BigInteger sum = BigInteger.ZERO;
        for (int i = 1; power.signum() > 0; i += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(i));
            sum = (i & 2) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.divide(square);
        }
        return sum;
    }

    /** The smallest m with P(|X| &gt; m) ≤ tail for the discrete Gaussian of a moderate σ, by summation. */
    static long discreteQuantile(double sigma, double tail) {
        int n = (int) Math.ceil(sigma * Math.sqrt(2 * (60 - Math.log(tail)))) + 2;
        int precision = 192 - Math.getExponent(tail);
        ExactDouble.Ratio s = ExactDouble.Ratio.of(sigma);
        BigInteger numerator = s.denominator().pow(2);
        BigInteger denominator = s.numerator().pow(2).shiftLeft(1);
        Enclosure factor = FixedExp.enclose(numerator, denominator, precision);
        Enclosure square = factor.times(factor, precision);
        Enclosure one = Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        Enclosure[] weights = new Enclosure[n + 1];
        weights[0] = one;
        for (int k = 1; k <= n; k++) {
            weights[k] = weights[k - 1].times(factor, precision);
            factor = factor.times(square, precision);
        }
        // k² ≥ n² + 2n (k - n): what is beyond n is below a geometric series.
        Enclosure ratio = FixedExp.enclose(numerator.multiply(BigInteger.valueOf(2L * n)), denominator, precision);
        BigInteger above = weights[n].over(one.minus(ratio), precision).high();
        BigInteger total = BigInteger.ZERO;
        for (int k = 1; k <= n; k++) {
            total = total.add(weights[k].low());
        }
        total = total.shiftLeft(1).add(one.low());
        int m = n - 1;
        while (m >= 0 && atMost(above.shiftLeft(precision + 1).divide(total).add(BigInteger.ONE), tail, precision)) {
            above = above.add(weights[m].high());
            m--;
        }
        return m + 1;
    }
}
