// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Unbiased, covered, and of the variance that the papers state; at fixed seeds. */
class FrequencyEstimateStatisticalTest {
    private static final int K = 6;
    /** Of every 20 users: 9 of category 0, 5 of 1, 3 of 2, 2 of 3, 1 of 4, none of 5. */
    private static final double[] SHARES = {0.45, 0.25, 0.15, 0.1, 0.05, 0};

    private static final int[] USERS = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4};

    /** A randomizer with injected bits. */
    record Case<R>(
            String name, FrequencyEstimator<R> estimator, BiFunction<Integer, BitSource, R> randomize, boolean exact) {
        FrequencyEstimate run(int users, BitSource bits) {
            List<R> reports = new ArrayList<>(users);
            for (int i = 0; i < users; i++) {
                reports.add(randomize.apply(USERS[i % USERS.length], bits));
            }
            return estimator.estimate(reports);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case<?>> cases() {
        RandomizedResponse rr = RandomizedResponse.of(1.5, K);
        UnaryEncoding sue = UnaryEncoding.symmetric(1.5, K);
        UnaryEncoding oue = UnaryEncoding.optimized(1.5, K);
        LocalHashing olh = LocalHashing.of(1.5, K);
        HadamardResponse one = HadamardResponse.of(0.6, K);
        HadamardResponse blocks = HadamardResponse.of(2.5, K);
        Rappor rappor = new Rappor(K, 2, 8, 0.3, 0.25, 0.75);
        return Stream.of(
                new Case<>("randomized response", rr, rr::randomize, true),
                new Case<>("SUE", sue, sue::randomize, true),
                new Case<>("OUE", oue, oue::randomize, true),
                new Case<>("OLH", olh, olh::randomize, true),
                new Case<>("Hadamard, one block", one, one::randomize, true),
                new Case<>("Hadamard, blocks", blocks, blocks::randomize, false),
                new Case<>("RAPPOR once", rappor, rappor::randomize, true),
                new Case<>("RAPPOR twice", rappor, (v, bits) -> rappor.report(rappor.memoize(v, bits), bits), true));
    }

    /**
     * 1000 runs of 60 users. Mean: 7 standard errors, below 3e-12 each. Variance: within 35 %, that is 7 standard errors of
     * √(2/1000), widened for the kurtosis of few users. Coverage ≥ 95 %: more than 104 misses, below 1e-9 in
     * all.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void estimate_manyRuns_isUnbiasedCoveredAndOfTheStatedVariance(Case<?> randomizer) {
        int runs = 1000;
        int users = 60;
        BitSource bits = new SeededBits(11);
        double[] sum = new double[K];
        double[] squares = new double[K];
        int[] missed = new int[K];
        for (int run = 0; run < runs; run++) {
            FrequencyEstimate estimate = randomizer.run(users, bits);
            for (int v = 0; v < K; v++) {
                Estimate.Measured measured = (Estimate.Measured) estimate.frequency(v);
                double error = measured.value() - SHARES[v];
                sum[v] += error;
                squares[v] += error * error;
                missed[v] += measured.interval().contains(SHARES[v]) ? 0 : 1;
                assertThat(measured.interval().contains(measured.value())).isTrue();
                assertThat(measured.n()).isEqualTo(users);
            }
        }
        for (int v = 0; v < K; v++) {
            double variance = randomizer.estimator.variance(users, SHARES[v]);
            assertThat(sum[v] / runs).isCloseTo(0, within(7 * Math.sqrt(variance / runs)));
            assertThat(squares[v] / runs / variance).isLessThan(1.35);
            if (randomizer.exact) {
                assertThat(squares[v] / runs / variance).isGreaterThan(0.65);
            }
            assertThat(missed[v]).isLessThanOrEqualTo(104);
        }
    }

    @Test
    void variance_rareCategory_isThePapersFormula() {
        for (double epsilon : new double[] {0.1, 1, 3}) {
            double e = Math.exp(epsilon);
            int n = 1000;
            assertThat(UnaryEncoding.optimized(epsilon, 50).variance(n, 0))
                    .isCloseTo(4 * e / (n * (e - 1) * (e - 1)), within(1e-12 / epsilon / epsilon));
            assertThat(LocalHashing.of(epsilon, 50).variance(n, 0))
                    .isGreaterThanOrEqualTo(4 * e / (n * (e - 1) * (e - 1)) * (1 - 1e-12))
                    .isLessThan(4.6 * e / (n * (e - 1) * (e - 1)));
            assertThat(RandomizedResponse.of(epsilon, 50).variance(n, 0))
                    .isCloseTo((e + 48) / (n * (e - 1) * (e - 1)), within(1e-10 / epsilon / epsilon));
            double s = Math.exp(epsilon / 2);
            assertThat(UnaryEncoding.symmetric(epsilon, 50).variance(n, 0))
                    .isCloseTo(s / (n * (s - 1) * (s - 1)), within(1e-11 / epsilon / epsilon));
        }
    }

    @Test
    void intervals_simultaneousAndMoreConfident_areWider() {
        FrequencyEstimate each = cases().findFirst().orElseThrow().run(1000, new SeededBits(5));
        double width = width(each);
        assertThat(width(each.withConfidence(0.99))).isGreaterThan(width);
        assertThat(width(each.simultaneous())).isGreaterThan(width);
        assertThat(width(each.simultaneous())).isCloseTo(width(each.withConfidence(1 - 0.05 / K)), within(1e-9));
        assertThat(((Estimate.Measured) each.simultaneous().frequency(0))
                        .interval()
                        .confidence())
                .isEqualTo(0.95);
        assertThat(each.simultaneous().evidence().parameters()).containsEntry("intervals", "simultaneous");
        assertThatIllegalArgumentException().isThrownBy(() -> each.withConfidence(1));
        assertThatIllegalArgumentException().isThrownBy(() -> each.frequency(K));
    }

    private static double width(FrequencyEstimate estimate) {
        Estimate.Measured measured = (Estimate.Measured) estimate.frequency(0);
        return measured.interval().upper() - measured.interval().lower();
    }

    @Test
    void estimate_noReports_abstains() {
        FrequencyEstimate none = RandomizedResponse.of(1, 3).estimate(List.of());
        assertThat(none.frequencies()).hasSize(3).allMatch(f -> f.equals(new Estimate.Abstained("no reports", 0)));
        assertThatIllegalStateException().isThrownBy(none::projected);
    }

    /** No step toward a corner of the simplex comes nearer: the condition of the nearest point. */
    @Test
    void projected_isTheNearestDistribution() {
        for (int seed = 0; seed < 20; seed++) {
            FrequencyEstimate estimate = RandomizedResponse.of(0.3, K)
                    .estimate(Stream.generate(new SeededBits(seed)::nextLong)
                            .limit(50)
                            .map(word -> (int) ((word >>> 8) % K))
                            .toList());
            double[] shares = estimate.projected();
            assertThat(Arrays.stream(shares).sum()).isCloseTo(1, within(1e-12));
            assertThat(Arrays.stream(shares).min().orElseThrow()).isNotNegative();
            double[] residual = new double[K];
            double inner = 0;
            for (int i = 0; i < K; i++) {
                residual[i] = ((Estimate.Measured) estimate.frequency(i)).value() - shares[i];
                inner += residual[i] * shares[i];
            }
            for (double corner : residual) {
                assertThat(corner).isLessThanOrEqualTo(inner + 1e-9);
            }
        }
    }
}
