// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;

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
            multiplier = Math.nextUp(multiplier * Math.nextUp(Math.sqrt(parts)));
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
     * Draws.
     *
     * @param noise on a lattice of 2^shift points to the unit
     * @param shift that is rounded away
     */
    record Sampler(IntegerNoise noise, int shift) {
        long sample(BitSource bits) {
            return round(noise.sample(bits));
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
