// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.ContinuousSampler;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * The noise of randomized smoothing: how an input is changed at random, and how far a bound of the top class's probability
 * under that noise reaches.
 *
 * <p>Guarantee of each kind: if the probability that the base classifier gives class c to the noisy input is at least p,
 * then c stays the most probable class for every input closer than {@link #radius radius(p)} in the kind's norm. Radii are
 * rounded down, needed probabilities up.
 */
public sealed interface SmoothingNoise {
    /**
     * The norm of the radius, for evidence.
     *
     * @return L0, L1 or L2
     */
    String norm();

    /**
     * How far a bound reaches.
     *
     * @param p lower bound of the top class's probability under noise, in [0, 1]
     * @return the radius in units of the inputs (L0: in positions), rounded down; 0 if p ≤ 1/2; +∞ is possible for p = 1
     */
    double radius(double p);

    /**
     * The other way round: what bound a radius needs.
     *
     * @param radius at least 0 and finite
     * @return a p, rounded up, with {@code radius(p)} not below the radius up to rounding; 1 or more if no probability below
     *     1 reaches that far
     */
    double probability(double radius);

    /**
     * A stream of noisy copies.
     *
     * @param random where its bits come from
     * @return the stream
     */
    Stream stream(RandomGenerator random);

    /** Makes noisy copies of inputs. Not thread-safe; one for each row. */
    @FunctionalInterface
    interface Stream {
        /**
         * Writes one fresh noisy copy.
         *
         * @param input array with the input
         * @param from where it begins there
         * @param out array to write to
         * @param to where to begin there
         * @param count values of the input
         */
        void copy(float[] input, int from, float[] out, int to, int count);
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    private static double up(double p) {
        return p + 8 * Math.ulp(p);
    }

    /**
     * N(0, σ²) on every value; L2 radius σ Φ⁻¹(p).
     *
     * <p>Source: Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, ICML 2019, theorem 1.
     *
     * @param sigma standard deviation, in units of the inputs; positive and finite
     */
    record Gaussian(double sigma) implements SmoothingNoise {
        /** Checks the noise. */
        public Gaussian {
            requirePositive("sigma", sigma);
        }

        @Override
        public String norm() {
            return "L2";
        }

        @Override
        public double radius(double p) {
            // The quantile is right to 1e-14 relative; take the safe side.
            return p <= 0.5
                    ? 0
                    : Math.max(0, sigma * NormalDistribution.of(0, 1).inverseCumulativeProbability(p) * (1 - 1e-13));
        }

        @Override
        public double probability(double radius) {
            // The larger argument pays for the rounding of radius(p); the tail is right to 1e-13 relative.
            double tail = NormalDistribution.of(0, 1).survivalProbability(radius / sigma * (1 + 2e-13));
            return up(1 - tail * (1 - 1e-13));
        }

        @Override
        public Stream stream(RandomGenerator random) {
            GaussianNoise noise = new GaussianNoise(random);
            return (input, from, out, to, count) -> noise.addTo(input, from, sigma, out, to, count);
        }
    }

    /**
     * Laplace noise on every value; L1 radius −b ln(2 (1 − p)).
     *
     * <p>Source: Teng, Lee, Yuan, ℓ1 Adversarial Robustness Certificates: a Randomized Smoothing Approach, 2020; tight by
     * Yang, Duan, Hu, Salman, Razenshteyn, Li, Randomized Smoothing of All Shapes and Sizes, ICML 2020.
     *
     * @param scale b, the mean absolute noise, in units of the inputs; positive and finite
     */
    record Laplace(double scale) implements SmoothingNoise {
        /** Checks the noise. */
        public Laplace {
            requirePositive("scale", scale);
        }

        @Override
        public String norm() {
            return "L1";
        }

        @Override
        public double radius(double p) {
            // 1 − p is exact above 1/2; logarithm and product are off by less than 2 ulps together.
            return p <= 0.5 ? 0 : -scale * Math.log(2 * (1 - p)) * (1 - 1e-15);
        }

        @Override
        public double probability(double radius) {
            return up(1 - Math.exp(-radius / scale * (1 + 4e-15)) / 2 * (1 - 1e-15));
        }

        @Override
        public Stream stream(RandomGenerator random) {
            UniformRandomProvider bits = random::nextLong;
            ContinuousSampler size = ZigguratSampler.Exponential.of(bits);
            return (input, from, out, to, count) -> {
                long signs = 0;
                for (int i = 0; i < count; i++) {
                    signs = (i & 63) == 0 ? random.nextLong() : signs >>> 1;
                    double z = (1 - 2 * (signs & 1)) * size.sample();
                    out[to + i] = (float) (input[from + i] + scale * z);
                }
            };
        }
    }

    /**
     * Uniform noise on [−λ, λ] on every value; L1 radius 2λ (p − 1/2), so never beyond λ.
     *
     * <p>Source: Yang, Duan, Hu, Salman, Razenshteyn, Li, Randomized Smoothing of All Shapes and Sizes, ICML 2020.
     *
     * @param halfWidth λ, in units of the inputs; positive and finite
     */
    record Uniform(double halfWidth) implements SmoothingNoise {
        /** Checks the noise. */
        public Uniform {
            requirePositive("halfWidth", halfWidth);
        }

        @Override
        public String norm() {
            return "L1";
        }

        @Override
        public double radius(double p) {
            return p <= 0.5 ? 0 : 2 * halfWidth * (p - 0.5) * (1 - 1e-15);
        }

        @Override
        public double probability(double radius) {
            return up(0.5 + radius / (2 * halfWidth) * (1 + 4e-15));
        }

        @Override
        public Stream stream(RandomGenerator random) {
            return (input, from, out, to, count) -> {
                for (int i = 0; i < count; i++) {
                    out[to + i] = (float) (input[from + i] + halfWidth * (2 * random.nextDouble() - 1));
                }
            };
        }
    }

    /**
     * Randomized ablation: {@code kept} of {@code positions} positions, chosen uniformly, are kept, all others are replaced
     * by a value that says "unknown". L0 radius: the largest whole r with p − (1 − C(d − r, k) / C(d, k)) &gt; 1/2; the class
     * stays for every input that differs in at most r positions, by whatever amount. Radius 0 speaks of the input itself.
     *
     * <p>The base classifier should be trained on ablated inputs, and does best if the null value is none that real values
     * take; the guarantee needs neither.
     *
     * <p>Source: Levine, Feizi, Robustness Certificates for Sparse Adversarial Attacks by Randomized Ablation, AAAI 2020,
     * theorem 1.
     *
     * @param positions d: the values of an input, or the pixels of an image in channel-first order, whose channels are then
     *     kept or replaced together; at least 2
     * @param kept k, in [1, positions − 1]; Levine and Feizi keep 45 of 784 on MNIST
     * @param nullValue what stands for an unknown value; finite
     */
    record Ablation(int positions, int kept, float nullValue) implements SmoothingNoise {
        /** Checks the noise. */
        public Ablation {
            if (positions < 2) {
                throw new IllegalArgumentException("positions must be >= 2, was " + positions);
            }
            if (kept < 1 || kept >= positions) {
                throw new IllegalArgumentException("kept must be in [1, " + (positions - 1) + "], was " + kept);
            }
            if (!Float.isFinite(nullValue)) {
                throw new IllegalArgumentException("nullValue must be finite, was " + nullValue);
            }
        }

        @Override
        public String norm() {
            return "L0";
        }

        @Override
        public double radius(double p) {
            int r = 0;
            while (r < positions && p > half(r + 1)) {
                r++;
            }
            return r;
        }

        @Override
        public double probability(double radius) {
            double p = half((int) Math.min(Math.floor(radius), positions));
            return Math.nextUp(p);
        }

        /**
         * 1/2 + 1 − C(d − r, k) / C(d, k), rounded up: the quotient is the product of (d − r − i) / (d − i) over i < k, or
         * of (d − k − j) / (d − j) over j < r, whichever is shorter, each factor off by less than 2 ulps.
         */
        private double half(int r) {
            int factors = Math.min(r, kept);
            int less = Math.max(r, kept);
            double none = 1;
            for (int i = 0; i < factors; i++) {
                none *= Math.max(0, positions - less - i) / (double) (positions - i);
            }
            none *= 1 - factors * 4e-16;
            return up(1.5 - none);
        }

        @Override
        public Stream stream(RandomGenerator random) {
            int[] order = new int[positions];
            for (int i = 0; i < positions; i++) {
                order[i] = i;
            }
            return (input, from, out, to, count) -> {
                if (count % positions != 0) {
                    throw new IllegalArgumentException(
                            "positions must divide the " + count + " values of an input, was " + positions);
                }
                Arrays.fill(out, to, to + count, nullValue);
                // The first k of a Fisher-Yates shuffle are uniform whatever order it begins with.
                for (int i = 0; i < kept; i++) {
                    int j = i + random.nextInt(positions - i);
                    int chosen = order[j];
                    order[j] = order[i];
                    order[i] = chosen;
                    for (int at = chosen; at < count; at += positions) {
                        out[to + at] = input[from + at];
                    }
                }
            };
        }
    }
}
