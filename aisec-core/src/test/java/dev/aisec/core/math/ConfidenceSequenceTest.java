// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ConfidenceSequenceTest {
    /** E is an integral of likelihood ratios: Simpson's rule over 20,000 parts. */
    @Test
    void logEvidenceAbove_smallCounts_isTheIntegral() {
        for (long[] c : new long[][] {{0, 1}, {1, 1}, {7, 10}, {10, 10}, {45, 60}, {300, 320}}) {
            for (double p0 : new double[] {0.1, 0.5, 0.84, 0.95}) {
                int parts = 20_000;
                double sum = 0;
                for (int i = 0; i <= parts; i++) {
                    double q = p0 + (1 - p0) * i / parts;
                    double ratio = Math.pow(q / p0, c[0]) * Math.pow((1 - q) / (1 - p0), c[1] - c[0]);
                    sum += ratio * (i == 0 || i == parts ? 1 : i % 2 == 1 ? 4 : 2);
                }
                double expected = Math.log(sum / (3.0 * parts));
                assertThat(ConfidenceSequence.logEvidenceAbove(c[0], c[1], p0)).isCloseTo(expected, within(3e-6));
            }
        }
    }

    @Test
    void lower_moreHitsOrLessConfidence_isHigherAndBelowTheShare() {
        assertThat(ConfidenceSequence.lower(0, 100, 0.001)).isZero();
        assertThat(ConfidenceSequence.lower(0, 0, 0.001)).isZero();
        double before = 0;
        for (long k = 1; k <= 200; k += 7) {
            double bound = ConfidenceSequence.lower(k, 200, 0.001);
            assertThat(bound).isGreaterThan(before).isLessThan(k / 200.0);
            assertThat(bound).isLessThan(ConfidenceSequence.lower(k, 200, 0.01));
            assertThat(bound).isLessThan(ClopperPearson.lower(k, 200, 0.001));
            assertThat(ConfidenceSequence.upper(200 - k, 200, 0.001)).isCloseTo(1 - bound, within(1e-12));
            before = bound;
        }
    }

    @Test
    void lower_manyTrials_comesNear() {
        assertThat(ConfidenceSequence.lower(100_000, 100_000, 0.001)).isBetween(0.9999, 0.99992);
        assertThat(ConfidenceSequence.lower(500_000_000, 999_999_999, 0.001)).isBetween(0.4998, 0.5);
    }

    /**
     * 2,000 sequences of up to 1,000 trials, looked at after every trial: the bound fails at some look with probability at most
     * α = 0.05. More than 165 failures of 2,000 have probability below 1e-9. Clopper-Pearson, looked at as often, fails far more.
     */
    @Test
    void lower_lookedAtAfterEveryTrial_failsRarely() {
        double p = 0.84;
        double wanted = -Math.log(0.05);
        int failed = 0;
        int exact = 0;
        for (int run = 0; run < 2000; run++) {
            RandomGenerator random = new Seed(5).generator(run);
            long hits = 0;
            boolean miss = false;
            boolean peeked = false;
            for (int n = 1; n <= 1000; n++) {
                hits += random.nextDouble() < p ? 1 : 0;
                if (hits > n * p) {
                    // The bound exceeds p just if p itself is rejected.
                    miss |= ConfidenceSequence.logEvidenceAbove(hits, n, p) >= wanted;
                    peeked |= BinomialTail.logUpper(hits, n, p) < -wanted;
                }
            }
            failed += miss ? 1 : 0;
            exact += peeked ? 1 : 0;
        }
        assertThat(failed).isLessThanOrEqualTo(165);
        assertThat(exact).isGreaterThan(330);
    }

    @Test
    void bounds_badInput_areRefused() {
        assertThatThrownBy(() -> ConfidenceSequence.logEvidenceAbove(3, 2, 0.5)).hasMessageContaining("were 3 and 2");
        assertThatThrownBy(() -> ConfidenceSequence.logEvidenceAbove(1, 2, 1)).hasMessageContaining("was 1.0");
        assertThatThrownBy(() -> ConfidenceSequence.lower(1, 2, 0)).hasMessageContaining("was 0.0");
    }
}
