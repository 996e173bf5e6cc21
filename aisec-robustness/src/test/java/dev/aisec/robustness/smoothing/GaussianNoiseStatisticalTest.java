// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

/** Each bound is passed by a right generator with probability above 1 − 1e-9. */
class GaussianNoiseStatisticalTest {
    private static final int DRAWS = 4_000_000;

    @Test
    void next_manyDraws_areStandardNormal() {
        GaussianNoise noise = new GaussianNoise(new Seed(17).generator(0));
        NormalDistribution normal = NormalDistribution.of(0, 1);
        int bins = 100;
        long[] counts = new long[bins];
        double sum = 0;
        double squares = 0;
        double fourth = 0;
        long tail = 0;
        double max = 0;
        for (int i = 0; i < DRAWS; i++) {
            double z = noise.next();
            counts[Math.min(bins - 1, (int) (normal.cumulativeProbability(z) * bins))]++;
            sum += z;
            squares += z * z;
            fourth += z * z * z * z;
            tail += Math.abs(z) > 4.5 ? 1 : 0;
            max = Math.max(max, Math.abs(z));
        }
        assertThat(sum / DRAWS).isCloseTo(0, within(6.2 / Math.sqrt(DRAWS)));
        assertThat(squares / DRAWS).isCloseTo(1, within(6.2 * Math.sqrt(2.0 / DRAWS)));
        // Var z⁴ = 105 − 9
        assertThat(fourth / DRAWS).isCloseTo(3, within(6.2 * Math.sqrt(96.0 / DRAWS)));
        double chi = 0;
        double expected = (double) DRAWS / bins;
        for (long count : counts) {
            chi += (count - expected) * (count - expected) / expected;
        }
        // Upper 1e-9 quantile of χ² with 99 degrees of freedom is 205.
        assertThat(chi).isLessThan(205);
        // P(|z| > 4.5) = 6.795e-6: 27.2 expected. A generator cut at 4.8 σ or drawn from 32 bits has fewer.
        assertThat((double) tail).isCloseTo(27.2, within(32.0));
        assertThat(tail).isPositive();
        assertThat(max).isGreaterThan(4.6);
    }

    @Test
    void next_sameSeed_sameDrawsOnEveryJdk() {
        GaussianNoise noise = new GaussianNoise(new Seed(1).generator(0));
        double[] first = {noise.next(), noise.next(), noise.next()};
        GaussianNoise again = new GaussianNoise(new Seed(1).generator(0));
        assertThat(new double[] {again.next(), again.next(), again.next()}).isEqualTo(first);
        // Golden values, written down on JDK 17: L64X128MixRandom and commons-rng's ziggurat are specified.
        assertThat(first).containsExactly(GOLDEN);
    }

    private static final double[] GOLDEN = {-0.014008491456021507, 1.0197501145046226, -0.3388901299702329};
}
