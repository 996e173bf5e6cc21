// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Noise of real and integer mechanisms against distributions computed here; statistical tests fail by chance below 1e-9. */
class ScalarNoiseTest {
    private static final int DRAWS = 300_000;

    @Test
    void roundedLaplace_draws_areRoundedLaplace() {
        double scale = 1.7;
        RoundedLaplace noise = RoundedLaplace.of(scale);
        BitSource bits = new SeededBits(21);
        int range = 60;
        long[] counts = new long[2 * range + 1];
        for (int i = 0; i < DRAWS; i++) {
            counts[(int) noise.sample(bits) + range]++;
        }
        double[] expected = new double[counts.length];
        for (int k = -range; k <= range; k++) {
            expected[k + range] = laplaceCdf(k + 0.5, scale) - laplaceCdf(k - 0.5, scale);
        }
        Fit.assertFits(counts, expected);
    }

    private static double laplaceCdf(double x, double b) {
        return x < 0 ? Math.exp(x / b) / 2 : 1 - Math.exp(-x / b) / 2;
    }

    @Test
    void staircase_draws_haveTheStaircase() {
        int steps = 6;
        for (double gamma : new double[] {0.01, 0.4, 1}) {
            StaircaseMechanism mechanism = new StaircaseMechanism(1, 1.1, gamma, ADD_REMOVE);
            BitSource bits = new SeededBits(22);
            int range = 200;
            long[] counts = new long[2 * range + 1];
            // The sampler of periods is made anew for each draw.
            DiscreteLaplace periods = mechanism.periods();
            for (int i = 0; i < 30_000; i++) {
                counts[(int) mechanism.noise(steps, periods, bits) + range]++;
            }
            Fit.assertFits(counts, staircase(mechanism, steps, range));
        }
    }

    /** Exact: shifting the staircase by up to the sensitivity changes no probability by more than e^ε. */
    @Test
    void staircase_shifted_ratioWithinEpsilon() {
        for (double gamma : new double[] {0.01, 0.3, 0.5, 1}) {
            StaircaseMechanism mechanism = new StaircaseMechanism(1, 0.8, gamma, ADD_REMOVE);
            int steps = 7;
            int range = 100;
            double[] p = staircase(mechanism, steps, range);
            for (int shift = 1; shift <= steps; shift++) {
                for (int i = shift; i < p.length; i++) {
                    assertThat(Math.abs(Math.log(p[i] / p[i - shift]))).isLessThanOrEqualTo(0.8 + 1e-12);
                }
            }
        }
    }

    @Test
    void staircase_quantile_leavesFivePercent() {
        for (double epsilon : new double[] {0.2, 1, 3, 8}) {
            StaircaseMechanism mechanism = StaircaseMechanism.of(epsilon, 1, ADD_REMOVE);
            int steps = 50;
            int range = 10_000;
            double[] p = staircase(mechanism, steps, range);
            int quantile = (int) mechanism.quantile(steps);
            double outside = 0;
            for (int k = quantile + 1; k <= range; k++) {
                outside += p[range + k] + p[range - k];
            }
            assertThat(outside).isLessThanOrEqualTo(0.05);
            if (quantile > 2) {
                // Two less would be too few.
                double more = outside;
                for (int k = quantile - 1; k <= quantile; k++) {
                    more += p[range + k] + p[range - k];
                }
                assertThat(more).isGreaterThan(0.05);
            }
        }
    }

    /** Less than Laplace noise of the same ε, by the factor of Geng and Viswanath: 2 ε e^(ε/2) / (e^ε − 1) / 2. */
    @Test
    void staircase_meanError_isTheOptimalOne() {
        for (double epsilon : new double[] {1, 4, 8}) {
            StaircaseMechanism mechanism = StaircaseMechanism.of(epsilon, 1, ADD_REMOVE);
            int steps = 2000;
            int range = 60_000;
            double[] p = staircase(mechanism, steps, range);
            double error = 0;
            for (int k = -range; k <= range; k++) {
                error += p[range + k] * Math.abs(k) / steps;
            }
            assertThat(error / (Math.exp(epsilon / 2) / Math.expm1(epsilon))).isBetween(0.97, 1.03);
        }
    }

    private static double[] staircase(StaircaseMechanism mechanism, int steps, int range) {
        long first = mechanism.first(steps);
        double[] p = new double[2 * range + 1];
        double sum = 0;
        for (int k = -range; k <= range; k++) {
            int magnitude = Math.abs(k);
            int level = magnitude / steps + (magnitude % steps < first ? 0 : 1);
            p[k + range] = Math.exp(-mechanism.epsilon() * level);
            sum += p[k + range];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** Exact: δ of the truncated discrete Laplace at ε, for all shifts, in the lattice of the mechanism and coarser ones. */
    @Test
    void truncatedLaplace_hockeyStick_atMostDelta() {
        for (double epsilon : new double[] {0.1, 1, 4}) {
            for (double delta : new double[] {1e-9, 1e-3, 0.4}) {
                TruncatedLaplace mechanism = TruncatedLaplace.of(epsilon, delta, 1, ADD_REMOVE);
                for (int steps : new int[] {1, 3, 40}) {
                    int bound = (int) mechanism.bound(steps);
                    double a = Math.exp(-epsilon / steps);
                    double total = 0;
                    for (int k = -bound; k <= bound; k++) {
                        total += Math.pow(a, Math.abs(k));
                    }
                    for (int shift = 1; shift <= steps; shift++) {
                        double excess = 0;
                        for (int k = -bound; k <= bound + shift; k++) {
                            double p = Math.abs(k) <= bound ? Math.pow(a, Math.abs(k)) / total : 0;
                            double q = Math.abs(k - shift) <= bound ? Math.pow(a, Math.abs(k - shift)) / total : 0;
                            // One ulp of exp is no violation.
                            excess += Math.max(0, p - Math.exp(epsilon) * q * (1 + 1e-12));
                            assertThat(q > 0 || p == 0 || k < shift - bound).isTrue();
                        }
                        assertThat(excess).isLessThanOrEqualTo(delta);
                    }
                }
            }
        }
    }

    @Test
    void truncatedLaplace_extremeParameters_boundIsFiniteAndFalls() {
        long before = Long.MAX_VALUE;
        for (double delta : new double[] {1e-300, 1e-270, 1e-250, 1e-100, 0.5}) {
            long bound = TruncatedLaplace.of(100, delta, 1, ADD_REMOVE).bound(1 << 20);
            // A is Δ/ε · ln(e^ε / (2δ)), here to the last digits but a few.
            double expected = (1 << 20) / 100.0 * (100 - Math.log(2 * delta));
            assertThat((double) bound).isBetween(expected - 1, expected + 3);
            assertThat(bound).isLessThan(before);
            before = bound;
        }
    }

    @Test
    void truncatedLaplace_draws_stayWithinTheBound() {
        TruncatedLaplace mechanism = TruncatedLaplace.of(0.5, 0.3, 1, ADD_REMOVE);
        long bound = mechanism.bound(4);
        DiscreteLaplace laplace = mechanism.sampler(4);
        BitSource bits = new SeededBits(23);
        long[] counts = new long[2 * (int) bound + 1];
        for (int i = 0; i < 100_000; i++) {
            counts[(int) (mechanism.noise(4, laplace, bits) + bound)]++;
        }
        double[] expected = new double[counts.length];
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
            expected[i] = Math.exp(-0.125 * Math.abs(i - bound));
            sum += expected[i];
        }
        for (int i = 0; i < counts.length; i++) {
            expected[i] /= sum;
        }
        Fit.assertFits(counts, expected);
    }

    /** Against big decimals: half up, monotone, and never more than the stated steps apart. */
    @Test
    void valueLattice_random_roundsHalfUpAndKeepsTheSensitivity() {
        RandomGenerator random = new dev.aisec.core.Seed(24).generator(0);
        for (int i = 0; i < 20_000; i++) {
            double sensitivity = Math.scalb(1 + random.nextDouble(), random.nextInt(-60, 60));
            ValueLattice lattice = ValueLattice.of(sensitivity);
            assertThat(lattice.steps()).isBetween(1L << 20, 1L << 21);
            BigDecimal step = lattice.exponent() >= 0
                    ? new BigDecimal(BigInteger.TWO.pow(lattice.exponent()))
                    : BigDecimal.ONE.divide(new BigDecimal(BigInteger.TWO.pow(-lattice.exponent())));
            assertThat(step.multiply(BigDecimal.valueOf(lattice.steps())))
                    .isGreaterThanOrEqualTo(new BigDecimal(sensitivity));
            double x = sensitivity * Math.scalb(random.nextDouble() - 0.5, random.nextInt(-30, 40));
            if (i % 4 == 0) {
                // A tie.
                x = lattice.toDouble(Math.round(x / lattice.toDouble(1))) + lattice.toDouble(1) / 2;
            }
            long expected = new BigDecimal(x)
                    .divide(step)
                    .add(new BigDecimal("0.5"))
                    .setScale(0, RoundingMode.FLOOR)
                    .longValueExact();
            assertThat(lattice.round(x)).isEqualTo(expected);
            double y = x + sensitivity * random.nextDouble();
            if (new BigDecimal(y).subtract(new BigDecimal(x)).compareTo(new BigDecimal(sensitivity)) <= 0) {
                assertThat(lattice.round(y) - lattice.round(x)).isBetween(0L, lattice.steps());
            }
        }
    }

    /** Why the geometric mechanism tells pure ε: the loss of continuous Laplace noise is too small for it. */
    @Test
    void geometric_totalVariation_isAboveThatOfLaplaceNoise() {
        double a = Math.exp(-1);
        double variation = (1 - a) / (1 + a);
        assertThat(variation).isEqualTo(Math.tanh(0.5), org.assertj.core.api.Assertions.within(1e-15));
        assertThat(variation).isGreaterThan(1 - Math.exp(-0.5) + 0.06);
        assertThat(GeometricMechanism.of(1, 1, ADD_REMOVE).loss(ADD_REMOVE))
                .isEqualTo(new PrivacyLoss.Pure(1, ADD_REMOVE));
    }

    /** Every output is a lattice point, so the same outputs are possible for all inputs (the attack of Mironov has no hold). */
    @Test
    void laplaceAndGaussian_outputs_areLatticePoints() {
        for (double value : new double[] {0, 0.1, 1, -1e5 / 3}) {
            LaplaceMechanism laplace = LaplaceMechanism.of(0.7, 1, ADD_REMOVE);
            GaussianMechanism gaussian = GaussianMechanism.of(1, 1e-5, 1, ADD_REMOVE);
            for (int i = 0; i < 50; i++) {
                double one =
                        laplace.release(value, token(laplace.loss(ADD_REMOVE))).value();
                double two = gaussian.release(value, token(gaussian.loss(ADD_REMOVE)))
                        .value();
                assertThat(Math.scalb(one, 20)).isEqualTo(Math.rint(Math.scalb(one, 20)));
                assertThat(Math.scalb(two, 20)).isEqualTo(Math.rint(Math.scalb(two, 20)));
            }
        }
    }

    @Test
    void laplace_farOutside_intervalIsOpen() {
        LaplaceMechanism laplace = LaplaceMechanism.of(1, 1, ADD_REMOVE);
        Release<Double> release = laplace.release(1e300, token(laplace.loss(ADD_REMOVE)));
        assertThat(MechanismContractTest.interval(release.evidence()).upper()).isInfinite();
        assertThat(release.value()).isLessThan(1e14);
    }

    @Test
    void of_epsilon_neverBelowTheNoiseNeeded() {
        RandomGenerator random = new dev.aisec.core.Seed(25).generator(0);
        for (int i = 0; i < 10_000; i++) {
            double epsilon = Math.exp(random.nextDouble() * 12 - 6);
            BigDecimal multiplier =
                    new BigDecimal(LaplaceMechanism.of(epsilon, 1, ADD_REMOVE).noiseMultiplier());
            assertThat(multiplier.multiply(new BigDecimal(epsilon))).isGreaterThanOrEqualTo(BigDecimal.ONE);
        }
    }

    @Test
    void parameters_bad_refusedWithRuleAndValue() {
        assertThatThrownBy(() -> LaplaceMechanism.of(Double.NaN, 1, ADD_REMOVE)).hasMessageContaining("was NaN");
        assertThatThrownBy(() -> LaplaceMechanism.of(1, 0, ADD_REMOVE))
                .hasMessage("sensitivity must be in [2^-900, 2^900], was 0.0");
        assertThatThrownBy(() -> GeometricMechanism.of(1, 0, ADD_REMOVE)).hasMessageContaining("was 0");
        assertThatThrownBy(() -> DiscreteGaussianMechanism.of(0, 1, ADD_REMOVE)).hasMessageContaining("was 0.0");
        assertThatThrownBy(() -> TruncatedLaplace.of(1, 0, 1, ADD_REMOVE)).hasMessageContaining("delta");
        assertThatThrownBy(() -> new StaircaseMechanism(1, 1, 0, ADD_REMOVE)).hasMessageContaining("gamma");
        assertThatThrownBy(() -> BoundedLaplace.of(1, 1, 2, 2, ADD_REMOVE))
                .hasMessageContaining("lower must be < upper");
        assertThatThrownBy(() -> ExponentialMechanism.of(1, Double.POSITIVE_INFINITY, ADD_REMOVE))
                .hasMessage("sensitivity must be > 0 and finite, was Infinity");
    }

    private static dev.aisec.privacy.accounting.SpendToken token(PrivacyLoss loss) {
        return dev.aisec.privacy.accounting.TestTokens.of(loss);
    }
}
