// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/** Whether draws come from a distribution. */
final class Fit {
    private Fit() {}

    /** Pearson's test; fails by chance with probability 1e-10. Cells that expect fewer than 20 are pooled. */
    static void assertFits(long[] observed, double[] probabilities) {
        long n = 0;
        double mass = 0;
        for (int i = 0; i < observed.length; i++) {
            n += observed[i];
            mass += probabilities[i];
        }
        assertThat(mass).isBetween(1 - 1e-9, 1 + 1e-9);
        double statistic = 0;
        int cells = 0;
        double pooledExpected = 0;
        long pooled = 0;
        for (int i = 0; i < observed.length; i++) {
            double expected = n * probabilities[i];
            if (expected < 20) {
                pooledExpected += expected;
                pooled += observed[i];
            } else {
                statistic += (observed[i] - expected) * (observed[i] - expected) / expected;
                cells++;
            }
        }
        if (pooledExpected >= 20) {
            statistic += (pooled - pooledExpected) * (pooled - pooledExpected) / pooledExpected;
            cells++;
        } else {
            // Below 1e-10 for a Poisson variable of mean 20.
            assertThat(pooled).isLessThan(70);
        }
        assertThat(ChiSquaredDistribution.of(cells - 1).survivalProbability(statistic))
                .isGreaterThan(1e-10);
    }
}
