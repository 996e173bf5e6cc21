// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongToDoubleFunction;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pearson's test of seeded samples; each has a false alarm of 1e-10, ten of them 1e-9. */
class NoiseStatisticalTest {
    private static final double FALSE_ALARM = 1e-10;
    private static final int SHORT = 1_000_000;
    private static final int LONG = 20_000_000;
    private static final int CHUNK = 10_000;

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3.7, 1024})
    void discreteLaplace_million_fits(double t) {
        integers(DiscreteLaplace.of(t), t, SHORT, k -> Math.exp(-k / t));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3.7, 1024})
    void discreteGaussian_million_fits(double sigma) {
        integers(DiscreteGaussian.of(sigma), sigma, SHORT, k -> Math.exp(-0.5 * (k / sigma) * (k / sigma)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0x1p20, 0x1p40})
    void roundedGaussian_million_fitsNormalQuantiles(double sigma) {
        rounded(sigma, SHORT);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3.7, 1024})
    void discreteLaplace_manyMillions_fit(double t) {
        integers(DiscreteLaplace.of(t), t, LONG, k -> Math.exp(-k / t));
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3.7, 1024})
    void discreteGaussian_manyMillions_fit(double sigma) {
        integers(DiscreteGaussian.of(sigma), sigma, LONG, k -> Math.exp(-0.5 * (k / sigma) * (k / sigma)));
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(doubles = {1024, 0x1p20, 0x1p40})
    void roundedGaussian_manyMillions_fitNormalQuantiles(double sigma) {
        rounded(sigma, LONG);
    }

    /** Buckets of signed values: of one integer each for small scales, of the same width for large ones. */
    private static void integers(IntegerNoise noise, double scale, int n, LongToDoubleFunction weight) {
        long width = Math.max(1, (long) (scale / 20));
        int reach = (int) (40 * scale) + 40;
        double total = 1;
        for (int k = 1; k <= reach; k++) {
            total += 2 * weight.applyAsDouble(k);
        }
        // As many buckets as have 50 expected values and more.
        int buckets = 0;
        while (n * width * weight.applyAsDouble((buckets + 1) * width) / total > 50) {
            buckets++;
        }
        double[] p = new double[2 * buckets + 1];
        for (int k = -reach; k <= reach; k++) {
            p[bucket(k, width, buckets)] += weight.applyAsDouble(Math.abs(k)) / total;
        }
        int last = buckets;
        ChiSquare.check(count(noise, n, p.length, k -> bucket(k, width, last)), p, FALSE_ALARM);
    }

    private static int bucket(double k, long width, int buckets) {
        return (int) Math.max(-buckets, Math.min(buckets, Math.floor((k + 0.5 * width) / width))) + buckets;
    }

    private static void rounded(double sigma, int n) {
        int buckets = 256;
        NormalDistribution normal = NormalDistribution.of(0, sigma);
        double[] edges = new double[buckets - 1];
        double[] p = new double[buckets];
        double below = 0;
        for (int i = 0; i < buckets - 1; i++) {
            // Buckets end between two integers.
            edges[i] = Math.rint(normal.inverseCumulativeProbability((i + 1.0) / buckets)) + 0.5;
            double f = normal.cumulativeProbability(edges[i]);
            p[i] = f - below;
            below = f;
        }
        p[buckets - 1] = 1 - below;
        long[] counts = count(RoundedGaussian.of(sigma), n, buckets, k -> {
            int at = java.util.Arrays.binarySearch(edges, k);
            return -at - 1;
        });
        ChiSquare.check(counts, p, FALSE_ALARM);
    }

    private static long[] count(IntegerNoise noise, int n, int buckets, LongToDoubleFunction bucket) {
        BitSource bits = new SeededBits(n);
        long[] counts = new long[buckets];
        long[] values = new long[CHUNK];
        for (int done = 0; done < n; done += CHUNK) {
            noise.fill(values, CHUNK, bits);
            for (long value : values) {
                counts[(int) bucket.applyAsDouble(value)]++;
            }
        }
        return counts;
    }

    /** Parity and the sign are fair at a large scale; |z| &gt; 6.5 by chance: 1e-10. */
    @Test
    void lowDigits_atALargeScale_areFair() {
        for (IntegerNoise noise : new IntegerNoise[] {
            DiscreteLaplace.of(0x1.8p40), DiscreteGaussian.of(0x1.8p40), RoundedGaussian.of(0x1.8p40)
        }) {
            BitSource bits = new SeededBits(23);
            int n = 200_000;
            int[] ones = new int[31];
            for (int i = 0; i < n; i++) {
                long value = noise.sample(bits);
                for (int b = 0; b < 30; b++) {
                    ones[b] += (int) (value >> b & 1);
                }
                ones[30] += value > 0 ? 1 : 0;
            }
            for (int count : ones) {
                assertThat((count - n / 2.0) / Math.sqrt(n / 4.0)).isBetween(-6.5, 6.5);
            }
        }
    }

    /**
     * The time of a draw tells next to nothing of the magnitude drawn: |correlation| below 0.02, which is less than 0.04 % of the
     * variance (samplers that count in a loop have nearly 1). Slow draws (the system's doing) are cut off. The bound is not 0: the
     * processor's caches leave a tenth of a nanosecond in some runs. By chance alone |correlation| &gt; 0.0062 has probability 1e-9.
     */
    @Tag("long")
    @Test
    void time_ofADraw_tellsNextToNothingOfTheValue() {
        for (IntegerNoise noise : new IntegerNoise[] {
            DiscreteLaplace.of(1024), DiscreteLaplace.of(0x1p40), DiscreteGaussian.of(1024), RoundedGaussian.of(0x1p40)
        }) {
            int n = 1_000_000;
            double[] times = new double[n];
            double[] values = new double[n];
            SecureBits bits = SecureBits.current();
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < n; i++) {
                    long start = System.nanoTime();
                    long value = noise.sample(bits);
                    times[i] = System.nanoTime() - start;
                    values[i] = Math.abs(value);
                }
            }
            double[] sorted = times.clone();
            java.util.Arrays.sort(sorted);
            double cut = 3 * sorted[n / 2];
            for (int i = 0; i < n; i++) {
                times[i] = Math.min(times[i], cut);
            }
            assertThat(correlation(times, values)).isBetween(-0.02, 0.02);
        }
    }

    private static double correlation(double[] x, double[] y) {
        double mx = java.util.Arrays.stream(x).average().orElseThrow();
        double my = java.util.Arrays.stream(y).average().orElseThrow();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - mx) * (y[i] - my);
            xx += (x[i] - mx) * (x[i] - mx);
            yy += (y[i] - my) * (y[i] - my);
        }
        return xy / Math.sqrt(xx * yy);
    }
}
