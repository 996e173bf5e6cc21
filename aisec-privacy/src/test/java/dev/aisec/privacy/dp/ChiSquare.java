// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/** Pearson's test of counts against probabilities. */
final class ChiSquare {
    private ChiSquare() {}

    /**
     * Fails if the statistic is beyond its quantile.
     *
     * @param counts observed
     * @param p expected, up to a factor
     * @param falseAlarm probability to fail a correct sampler
     */
    static void check(long[] counts, double[] p, double falseAlarm) {
        double n = 0;
        double total = 0;
        for (int i = 0; i < p.length; i++) {
            n += counts[i];
            total += p[i];
        }
        double statistic = 0;
        for (int i = 0; i < p.length; i++) {
            double expected = n * p[i] / total;
            // Cells that are too thin would not be near normal.
            assertThat(expected).isGreaterThan(20);
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        assertThat(statistic)
                .isLessThan(ChiSquaredDistribution.of(p.length - 1).inverseSurvivalProbability(falseAlarm));
    }
}
