// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Noise for one of the integers, or integer vectors, that a statistic needs.
 *
 * @param laplace which family
 * @param scale of the noise, in units of the integer: b or σ, rounded up
 * @param loss of this part
 */
record NoisePart(boolean laplace, double scale, PrivacyLoss loss) {
    /** Digits after the point of normal noise on coarse integers; the sum is rounded, which is post-processing. */
    private static final int FINE = 20;

    private static final double MAX_SCALE = 0x1p50;

    /**
     * A part of several with equal shares of the loss.
     *
     * @param l1 L1 sensitivity of the integers, rounded up
     * @param l2 L2 sensitivity of the integers, rounded up
     */
    static NoisePart of(StatisticNoise noise, int parts, double l1, double l2, Neighbouring neighbouring) {
        if (noise instanceof StatisticNoise.Laplace given) {
            double epsilon = parts == 1 ? given.epsilon() : Math.nextDown(given.epsilon() / parts);
            double scale = Math.nextUp(l1 / epsilon);
            requireScale(scale);
            return new NoisePart(true, scale, new PrivacyLoss.Pure(epsilon, neighbouring));
        }
        double multiplier = ((StatisticNoise.Gaussian) noise).noiseMultiplier();
        if (parts > 1) {
            multiplier = Math.nextUp(multiplier * Arithmetic.rootUp(parts));
        }
        double scale = Math.nextUp(multiplier * l2);
        requireScale(scale);
        return new NoisePart(false, scale, new PrivacyLoss.Gaussian(multiplier, neighbouring));
    }

    private static void requireScale(double scale) {
        if (!(scale <= MAX_SCALE)) {
            throw new IllegalArgumentException(
                    "noise must be at most 2^50 steps: bounds too far from 0, or too much noise; was " + scale);
        }
    }

    /** The sampler. */
    Sampler sampler() {
        if (laplace) {
            return new Sampler(DiscreteLaplace.of(scale), 0);
        }
        return scale >= 1 << FINE
                ? new Sampler(RoundedGaussian.of(scale), 0)
                : new Sampler(RoundedGaussian.of(Math.scalb(scale, FINE)), FINE);
    }

    /**
     * A bound of sums of independent draws, not rounded: c with P(Σ aᵢXᵢ &gt; c) ≤ tail where Σ aᵢ² ≤ squares and |aᵢ| ≤ 1.
     *
     * <p>For Laplace noise by Chernoff's bound: E e^(saX) ≤ 1 / (1 − (sab)²), for discrete noise because cosh √x is convex; the sum of
     * −ln(1 − (saᵢb)²) is at most −squares · ln(1 − (sb)²), again by convexity.
     */
    double sumQuantile(double squares, double tail) {
        if (!laplace) {
            double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(tail);
            return scale * Math.sqrt(squares) * z * (1 + 1e-9);
        }
        double logTail = Math.log(tail);
        double high = 1;
        while (logChernoff(squares, high) > logTail) {
            high += high;
        }
        double low = 0;
        for (int i = 0; i < 50; i++) {
            double middle = (low + high) / 2;
            if (logChernoff(squares, middle) > logTail) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return scale * high * (1 + 1e-9);
    }

    /** At the best s = u/b, for a sum above yb. */
    private static double logChernoff(double squares, double y) {
        double u = y / (squares + Math.hypot(squares, y));
        return -u * y - squares * Math.log1p(-u * u);
    }

    /**
     * Draws.
     *
     * @param noise on a lattice of 2^shift points to the unit
     * @param shift that is rounded away
     */
    record Sampler(IntegerNoise noise, int shift) {
        long sample(BitSource bits) {
            return round(noise.sample(bits));
        }

        /** Before rounding, in the same unit; off normal noise by at most {@link #fineness} / 2. */
        double fine(BitSource bits) {
            return Math.scalb((double) noise.sample(bits), -shift);
        }

        double fineness() {
            return noise instanceof DiscreteLaplace ? 0 : Math.scalb(1.0, -shift);
        }

        /** A magnitude that is exceeded with at most this probability. */
        long quantile(double tail) {
            return round(noise.quantile(tail));
        }

        private long round(long value) {
            return shift == 0 ? value : value + (1L << shift - 1) >> shift;
        }
    }
}
