// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ClopperPearsonReferenceTest {
    private static List<String[]> reference() throws IOException {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(ClopperPearsonReferenceTest.class.getResourceAsStream("clopper-pearson.txt")),
                StandardCharsets.UTF_8))) {
            return in.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .toList();
        }
    }

    @Test
    void lower_referenceValues_neverAboveAndClose() throws IOException {
        assertThat(reference()).hasSizeGreaterThan(100);
        for (String[] row : reference()) {
            double bound =
                    ClopperPearson.lower(Long.parseLong(row[0]), Long.parseLong(row[1]), Double.parseDouble(row[2]));
            BigDecimal exact = new BigDecimal(row[3]);
            assertThat(new BigDecimal(bound)).as(String.join(" ", row)).isLessThanOrEqualTo(exact);
            assertThat(bound).as(String.join(" ", row)).isCloseTo(exact.doubleValue(), within(1e-10));
        }
    }

    @Test
    void upper_referenceValues_mirrorTheLower() throws IOException {
        for (String[] row : reference()) {
            long n = Long.parseLong(row[1]);
            double bound = ClopperPearson.upper(n - Long.parseLong(row[0]), n, Double.parseDouble(row[2]));
            BigDecimal exact = BigDecimal.ONE.subtract(new BigDecimal(row[3]));
            assertThat(new BigDecimal(bound)).as(String.join(" ", row)).isGreaterThanOrEqualTo(exact);
            assertThat(bound).as(String.join(" ", row)).isCloseTo(exact.doubleValue(), within(1e-10));
        }
    }

    @Test
    void lower_risesWithHitsAndAlpha() {
        for (int k = 1; k <= 60; k++) {
            assertThat(ClopperPearson.lower(k, 60, 0.01)).isGreaterThan(ClopperPearson.lower(k - 1, 60, 0.01));
            assertThat(ClopperPearson.lower(k, 60, 0.02)).isGreaterThan(ClopperPearson.lower(k, 60, 0.01));
        }
    }

    @Test
    void lower_tailAtTheBound_isAtMostAlpha() {
        for (long k : new long[] {1, 500_000, 999_000_000}) {
            double bound = ClopperPearson.lower(k, 1_000_000_000L, 0.001);
            assertThat(Math.exp(BinomialTail.logUpper(k, 1_000_000_000L, bound)))
                    .isBetween(0.000999, 0.001000001);
        }
    }

    /** Over 20,000 draws the share of misses exceeds 0.05 + 6 σ with probability below 1e-9. */
    @Test
    void interval_simulated_coversAtItsConfidence() {
        RandomGenerator random = new Seed(11).generator(0);
        int misses = 0;
        int runs = 20_000;
        for (int run = 0; run < runs; run++) {
            double p = random.nextDouble();
            int hits = 0;
            for (int i = 0; i < 40; i++) {
                hits += random.nextDouble() < p ? 1 : 0;
            }
            misses += ClopperPearson.interval(hits, 40, 0.95).contains(p) ? 0 : 1;
        }
        assertThat(misses).isLessThan((int) (runs * 0.05 + 6 * Math.sqrt(runs * 0.05 * 0.95)));
    }

    @Test
    void share_noTrials_abstains() {
        assertThat(ClopperPearson.share(0, 0, 0.95)).isEqualTo(new Estimate.Abstained("no trials", 0));
        assertThat(ClopperPearson.share(3, 3, 0.95)).isInstanceOfSatisfying(Estimate.Measured.class, m -> {
            assertThat(m.value()).isEqualTo(1);
            assertThat(m.interval()).isEqualTo(new Interval(m.interval().lower(), 1, 0.95));
        });
    }

    @Test
    void lower_badArguments_namesThem() {
        assertThatThrownBy(() -> ClopperPearson.lower(11, 10, 0.05)).hasMessage("k must be in [0, 10], was 11");
        assertThatThrownBy(() -> ClopperPearson.lower(1, 0, 0.05)).hasMessageContaining("n must be in");
        assertThatThrownBy(() -> ClopperPearson.lower(1, 10, Double.NaN)).hasMessageContaining("alpha must be in");
    }
}
