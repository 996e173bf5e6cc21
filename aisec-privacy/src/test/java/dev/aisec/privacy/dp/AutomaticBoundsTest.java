// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Interval;
import dev.aisec.core.math.BinomialTail;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.TestTokens;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AutomaticBoundsTest {
    private static Release<Optional<AutomaticBounds.Bounds>> release(
            AutomaticBounds statistic, double[] values, BitSource bits) {
        BinAccumulator accumulator = statistic.accumulator();
        accumulator.addAll(values);
        return statistic.release(accumulator, TestTokens.of(statistic.loss(Neighbouring.ADD_REMOVE)), bits);
    }

    /** Bins of 1000 entries and more, at a threshold below 30: a wrong bound has probability below 1e-9 in all. */
    @Test
    void release_manyEntries_findsThePowersAround() {
        double[][] samples = {
            new Random(1).doubles(100_000, 0.6, 100).toArray(),
            new Random(2).doubles(100_000, -100, 3).toArray(),
            new Random(3).doubles(100_000, -9, -5).toArray(),
            new double[5000],
            {Double.POSITIVE_INFINITY}
        };
        AutomaticBounds.Bounds[] expected = {
            new AutomaticBounds.Bounds(0.5, 128),
            new AutomaticBounds.Bounds(-128, 4),
            new AutomaticBounds.Bounds(-16, -4),
            new AutomaticBounds.Bounds(0, 0x1p-64)
        };
        for (AutomaticBounds statistic : List.of(AutomaticBounds.of(1), AutomaticBounds.gaussian(2))) {
            for (int i = 0; i < samples.length; i++) {
                Optional<AutomaticBounds.Bounds> bounds =
                        release(statistic, samples[i], new SeededBits(2)).value();
                assertThat(bounds).isEqualTo(i < 4 ? Optional.of(expected[i]) : Optional.empty());
                bounds.ifPresent(b -> Variance.of(b.lower(), b.upper(), 1).accumulator());
            }
        }
    }

    /** Exactly, from the tail of the noise: the expected number of empty bins that count is at most the failure. */
    @ParameterizedTest
    @CsvSource({"1,1e-9", "0.1,1e-3", "3,0.5"})
    void threshold_failure_isAsStated(double epsilon, double failure) {
        AutomaticBounds statistic = AutomaticBounds.of(epsilon).withFailure(failure);
        NoisePart part = NoisePart.of(statistic.noise(), 1, 1, 1, Neighbouring.ADD_REMOVE);
        long threshold = statistic.threshold(part.sampler());
        BigDecimal q =
                BigDecimals.exp(BigDecimal.ONE.negate().divide(new BigDecimal(part.scale()), BigDecimals.DIGITS));
        // P(X > T) = q^(T+1) / (1 + q)
        BigDecimal tail = q.pow((int) threshold + 1, BigDecimals.DIGITS)
                .divide(BigDecimal.ONE.add(q), BigDecimals.DIGITS)
                .multiply(BigDecimal.valueOf(258));
        assertThat(tail).isLessThanOrEqualTo(new BigDecimal(failure));
        assertThat(tail.divide(q, BigDecimals.DIGITS))
                .isGreaterThan(new BigDecimal(failure).multiply(new BigDecimal("0.999999")));
    }

    /** Empty data: at a failure of 1/2, bounds at most in half of 200 releases; by chance above with probability below 1e-10. */
    @Test
    void release_nothing_seldomFindsBounds() {
        AutomaticBounds statistic = AutomaticBounds.of(1).withFailure(0.5);
        BitSource bits = new SeededBits(6);
        int found = 0;
        for (int i = 0; i < 200; i++) {
            found += release(statistic, new double[0], bits).value().isPresent() ? 1 : 0;
        }
        assertThat(BinomialTail.logUpper(found, 200, 0.5)).isGreaterThan(Math.log(1e-10));
    }

    /** Whatever the bounds turn out to be. Each of 200 releases; short of 95 % by chance with probability below 1e-10. */
    @ParameterizedTest
    @CsvSource({"true,0", "true,300", "true,20000", "false,300", "false,20000"})
    void release_entriesOutside_areInTheInterval(boolean laplace, int n) {
        AutomaticBounds statistic = laplace ? AutomaticBounds.of(0.5) : AutomaticBounds.gaussian(3);
        Random random = new Random(n);
        double[] values = random.doubles(n)
                .map(u -> (u < 0.1 ? -1 : 1) * Math.exp(random.nextGaussian() * 3))
                .toArray();
        BitSource bits = new SeededBits(12);
        int missed = 0;
        for (int i = 0; i < 200; i++) {
            Release<Optional<AutomaticBounds.Bounds>> release = release(statistic, values, bits);
            long outside = Arrays.stream(values)
                    .filter(x -> release.value()
                            .map(b -> x < b.lower() || x >= b.upper())
                            .orElse(true))
                    .count();
            Interval interval = MechanismContractTest.interval(release.evidence());
            missed += interval.contains(outside) ? 0 : 1;
        }
        assertThat(BinomialTail.logUpper(missed, 200, 0.05)).isGreaterThan(Math.log(1e-10));
    }

    /** Over all bins without noise; the bounds are reached. */
    @ParameterizedTest
    @EnumSource
    void bins_neighbours_differByTheSensitivityAtMost(Neighbouring relation) {
        Random random = new Random(4);
        for (int m : new int[] {1, 3}) {
            AutomaticBounds statistic = AutomaticBounds.of(1).withContributions(m);
            double l1 = 0;
            double squares = 0;
            for (int trial = 0; trial < 300; trial++) {
                BinAccumulator with = statistic.accumulator();
                BinAccumulator without = statistic.accumulator();
                for (int i = 0; i < m + 2; i++) {
                    with.add(7, trial % 2 == 0 ? 3 : random.nextGaussian());
                    if (relation == Neighbouring.REPLACE_ONE) {
                        without.add(7, trial % 2 == 0 ? 5 : random.nextGaussian());
                    }
                }
                long[] a = with.totals();
                long[] b = without.totals();
                double sum = 0;
                double sumOfSquares = 0;
                for (int i = 0; i < a.length; i++) {
                    sum += Math.abs(a[i] - b[i]);
                    sumOfSquares += (a[i] - b[i]) * (a[i] - b[i]);
                }
                l1 = Math.max(l1, sum);
                squares = Math.max(squares, sumOfSquares);
            }
            double scale = Statistics.countPart(new StatisticNoise.Laplace(1), 1, m, relation)
                    .scale();
            double sigma = Statistics.countPart(new StatisticNoise.Gaussian(1), 1, m, relation)
                    .scale();
            assertThat(l1).isLessThanOrEqualTo(scale).isCloseTo(scale, within(1e-9));
            assertThat(new BigDecimal(squares)).isLessThanOrEqualTo(new BigDecimal(sigma).pow(2));
            assertThat(squares).isCloseTo(sigma * sigma, within(1e-9));
        }
    }

    @Test
    void loss_isWhatWasAskedFor() {
        assertThat(AutomaticBounds.of(0.3).withContributions(5).loss(Neighbouring.REPLACE_ONE))
                .isEqualTo(new PrivacyLoss.Pure(0.3, Neighbouring.REPLACE_ONE));
        assertThat(AutomaticBounds.gaussian(0.3).loss(Neighbouring.ZERO_OUT))
                .isEqualTo(new PrivacyLoss.Gaussian(0.3, Neighbouring.ZERO_OUT));
    }

    @Test
    void of_badParameters_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AutomaticBounds.of(1).withExponents(5, 5))
                .withMessageContaining("were 5 and 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AutomaticBounds.of(1).withExponents(-801, 5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AutomaticBounds.of(1).withFailure(Double.NaN))
                .withMessage("failure must be in [1e-15, 0.5], was NaN");
        assertThatIllegalArgumentException().isThrownBy(() -> AutomaticBounds.of(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AutomaticBounds.of(1).withContributions(0));
    }
}
