// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.math.BinomialTail;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BetaMixtureTest {
    private static final double FALSE_ALARM = Math.log(1e-9);
    private static final double ALPHA = 0.05;
    private static final int RUNS = 4_000;
    private static final int TOSSES = 1024;
    private static final int LOOK = 16;

    @Test
    void bounds_referenceValues_outsideTheExactOnesAndClose() throws IOException {
        int lines = 0;
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(BetaMixtureTest.class.getResourceAsStream("beta-mixture.txt")),
                StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("#")) {
                    continue;
                }
                String[] row = line.split(" ");
                long k = Long.parseLong(row[0]);
                long n = Long.parseLong(row[1]);
                double alpha = Double.parseDouble(row[2]);
                BetaMixture mixture = new BetaMixture(Double.parseDouble(row[3]));
                double lower = mixture.lower(k, n, alpha);
                double upper = mixture.upper(k, n, alpha);
                assertThat(new BigDecimal(lower)).as(line).isLessThanOrEqualTo(new BigDecimal(row[4]));
                assertThat(new BigDecimal(upper)).as(line).isGreaterThanOrEqualTo(new BigDecimal(row[5]));
                assertThat(lower).as(line).isCloseTo(Double.parseDouble(row[4]), within(1e-10));
                assertThat(upper).as(line).isCloseTo(Double.parseDouble(row[5]), within(1e-10));
                lines++;
            }
        }
        assertThat(lines).isGreaterThan(150);
    }

    /** A correct sequence fails this with probability below 1e-9: misses are binomial with at most α. */
    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.5, 0.8413, 0.97725, 0.999})
    void bounds_lookedAtAllTheTime_missAtMostAlpha(double p) {
        BetaMixture mixture = new BetaMixture(0.97725);
        long misses = 0;
        for (int run = 0; run < RUNS; run++) {
            RandomGenerator random = new Seed(21).generator(run);
            long k = 0;
            for (int n = LOOK; n <= TOSSES; n += LOOK) {
                k += tosses(random, p);
                if (mixture.log(k, n, p) >= BetaMixture.threshold(ALPHA)) {
                    misses++;
                    break;
                }
            }
        }
        assertThat(pValue(misses)).isGreaterThan(FALSE_ALARM);
        // Not empty either: all of α cannot be used in finite time, but some is.
        assertThat(misses).isPositive();
    }

    /** The same looks at Clopper-Pearson's lower bound: it is false far more often than α. */
    @Test
    void clopperPearson_lookedAtAllTheTime_missesFarMoreThanAlpha() {
        double p = 0.8413;
        long misses = 0;
        for (int run = 0; run < RUNS; run++) {
            RandomGenerator random = new Seed(21).generator(run);
            long k = 0;
            for (int n = LOOK; n <= TOSSES; n += LOOK) {
                k += tosses(random, p);
                // lower(k, n, α) > p, asked in a cheaper way
                if (k > 0 && BinomialTail.logUpper(k, n, p) < Math.log(ALPHA)) {
                    misses++;
                    break;
                }
            }
        }
        assertThat(pValue(misses)).isLessThan(FALSE_ALARM);
        assertThat(misses).isGreaterThan(RUNS / 10);
    }

    /** E[M_n(p)] = 1, summed over all k: the martingale itself, not only its bound. */
    @Test
    void log_expectation_isOne() {
        for (double p : new double[] {0.1, 0.6, 0.99}) {
            for (int n : new int[] {1, 7, 40}) {
                double sum = 0;
                double choose = 1;
                for (int k = 0; k <= n; k++) {
                    sum += choose
                            * Math.pow(p, k)
                            * Math.pow(1 - p, n - k)
                            * Math.exp(new BetaMixture(0.9).log(k, n, p));
                    choose = choose * (n - k) / (k + 1);
                }
                assertThat(sum).isCloseTo(1, within(1e-11)).isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void bounds_moreHitsOrSmallerAlpha_areMonotone() {
        BetaMixture mixture = new BetaMixture(0.8413);
        for (int k = 1; k < 200; k++) {
            assertThat(mixture.lower(k, 200, 0.001)).isGreaterThan(mixture.lower(k - 1, 200, 0.001));
            assertThat(mixture.upper(k, 200, 0.001)).isGreaterThan(mixture.upper(k - 1, 200, 0.001));
            assertThat(mixture.lower(k, 200, 1e-6)).isLessThan(mixture.lower(k, 200, 0.001));
            assertThat(mixture.lower(k, 200, 0.001)).isLessThan(k / 200.0);
            assertThat(mixture.upper(k, 200, 0.001)).isGreaterThan(k / 200.0);
        }
    }

    private static int tosses(RandomGenerator random, double p) {
        int k = 0;
        for (int i = 0; i < LOOK; i++) {
            k += random.nextDouble() < p ? 1 : 0;
        }
        return k;
    }

    /** ln of the probability of as many misses or more if each run missed with probability α. */
    private static double pValue(long misses) {
        return BinomialTail.logUpper(misses, RUNS, ALPHA);
    }
}
