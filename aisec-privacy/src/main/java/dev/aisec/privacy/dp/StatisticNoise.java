// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * How a statistic is made private, in terms of what it may give away; the amount of noise follows from the statistic's
 * sensitivity under the relation of the token that pays.
 */
public sealed interface StatisticNoise {
    /**
     * Discrete Laplace noise: a loss of pure ε.
     *
     * @param epsilon ε of the whole statistic, also if it needs several noisy values; in [2⁻³⁰, 1000]
     */
    record Laplace(double epsilon) implements StatisticNoise {
        /** Checks ε. */
        public Laplace {
            if (!(epsilon >= 0x1p-30 && epsilon <= 1000)) {
                throw new IllegalArgumentException("epsilon must be in [2^-30, 1000], was " + epsilon);
            }
        }
    }

    /**
     * Normal noise, rounded: a Gaussian loss.
     *
     * @param noiseMultiplier σ over the sensitivity of the whole statistic, also if it needs several noisy values; in
     *     [2⁻¹⁰, 2³⁰]
     */
    record Gaussian(double noiseMultiplier) implements StatisticNoise {
        /** Checks the multiplier. */
        public Gaussian {
            if (!(noiseMultiplier >= 0x1p-10 && noiseMultiplier <= 0x1p30)) {
                throw new IllegalArgumentException("noiseMultiplier must be in [2^-10, 2^30], was " + noiseMultiplier);
            }
        }
    }
}
