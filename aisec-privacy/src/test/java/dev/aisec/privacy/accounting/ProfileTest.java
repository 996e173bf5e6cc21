// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.DiscreteGaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Laplace;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import dev.aisec.privacy.accounting.PrivacyLoss.Pure;
import dev.aisec.privacy.accounting.PrivacyLoss.RandomizedResponse;
import dev.aisec.privacy.accounting.PrivacyLoss.ZeroConcentrated;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** δ(ε) of single releases against sums and integrals computed here by the definition ∫ max(0, P − e^ε Q). */
class ProfileTest {
    private static final Neighbouring ADD = Neighbouring.ADD_REMOVE;
    private static final Neighbouring REPLACE = Neighbouring.REPLACE_ONE;

    @Test
    void noiseMultiplier_publishedPoints_agree() {
        // Origin: what Balle and Wang's algorithm 1 and dp_accounting print to 15 digits.
        assertThat(GaussianCalibration.noiseMultiplier(1, 1e-5)).isCloseTo(3.7306316348159418, within(1e-9));
        assertThat(GaussianCalibration.noiseMultiplier(0.1, 1e-6)).isCloseTo(36.304690426195785, within(1e-8));
        assertThat(GaussianCalibration.noiseMultiplier(800, 1e-6)).isCloseTo(0.02813, within(1e-5));
    }

    @Test
    void noiseMultiplier_edgeGrid_positiveSafeAndTight() {
        for (double epsilon : new double[] {0, 1e-6, 0.1, 1, 10, 100, 800}) {
            for (double delta : new double[] {1e-30, 1e-12, 1e-6, 0.1, 0.9}) {
                double sigma = GaussianCalibration.noiseMultiplier(epsilon, delta);
                assertThat(sigma).isPositive().isFinite();
                assertThat(GaussianCalibration.delta(sigma, epsilon).upper()).isLessThanOrEqualTo(delta * (1 + 1e-10));
                assertThat(GaussianCalibration.delta(sigma * (1 - 1e-8), epsilon)
                                .lower())
                        .isGreaterThan(delta);
            }
        }
    }

    @Test
    void epsilon_ofCalibratedNoise_isTheTarget() {
        for (double epsilon : new double[] {1e-3, 1, 30, 800}) {
            double sigma = GaussianCalibration.noiseMultiplier(epsilon, 1e-20);
            PrivacyInterval found = GaussianCalibration.epsilon(sigma, 1e-20);
            assertThat(found.upper()).isLessThanOrEqualTo(epsilon).isCloseTo(epsilon, within(epsilon * 1e-10));
            assertThat(found.lower()).isCloseTo(epsilon, within(epsilon * 1e-10));
        }
    }

    @Test
    void epsilon_gaussianAtZeroDelta_infinite() {
        assertThat(GaussianCalibration.epsilon(1, 0).upper()).isInfinite();
    }

    @Test
    void noiseMultiplier_badArguments_refused() {
        assertThatThrownBy(() -> GaussianCalibration.noiseMultiplier(Double.NaN, 0.1))
                .hasMessage("epsilon must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> GaussianCalibration.noiseMultiplier(1, 0))
                .hasMessage("delta must be in (0, 1), was 0.0");
    }

    @Test
    void gaussian_quadrature_agrees() {
        for (double sigma : new double[] {0.3, 1, 7}) {
            for (double epsilon : new double[] {0, 0.2, 1, 5}) {
                double truth = hockey(x -> normal(x - 1, sigma), x -> normal(x, sigma), epsilon, 12 * sigma);
                encloses(new Gaussian(sigma, ADD), epsilon, truth, 4e-5);
            }
        }
    }

    @Test
    void laplace_quadrature_agrees() {
        for (double scale : new double[] {0.3, 1, 7}) {
            for (double epsilon : new double[] {0, 0.1, 1, 5}) {
                double truth = hockey(
                        x -> Math.exp(-Math.abs(x - 1) / scale) / 2 / scale,
                        x -> Math.exp(-Math.abs(x) / scale) / 2 / scale,
                        epsilon,
                        40 * scale);
                encloses(new Laplace(scale, ADD), epsilon, truth, 4e-5);
            }
        }
    }

    @Test
    void sampledGaussian_quadratureInBothDirections_agrees() {
        for (double rate : new double[] {0.001, 0.1, 0.7}) {
            for (double sigma : new double[] {0.5, 1, 4}) {
                DoubleUnaryOperator none = x -> normal(x, sigma);
                DoubleUnaryOperator mixed = x -> (1 - rate) * normal(x, sigma) + rate * normal(x - 1, sigma);
                for (double epsilon : new double[] {0, 0.05, 0.5, 2}) {
                    double truth = Math.max(
                            hockey(mixed, none, epsilon, 12 * sigma), hockey(none, mixed, epsilon, 12 * sigma));
                    encloses(new PoissonSampled(rate, new Gaussian(sigma, ADD)), epsilon, truth, 4e-5);
                }
            }
        }
    }

    @Test
    void sampledGaussianReplaced_explicitPair_belowUpper() {
        for (double rate : new double[] {0.01, 0.3}) {
            for (double sigma : new double[] {0.5, 2}) {
                DoubleUnaryOperator up = x -> (1 - rate) * normal(x, sigma) + rate * normal(x - 1, sigma);
                DoubleUnaryOperator down = x -> (1 - rate) * normal(x, sigma) + rate * normal(x + 1, sigma);
                for (double epsilon : new double[] {0, 0.05, 0.5, 2}) {
                    // The multiplier is relative to the distance 2 of the replaced records.
                    Profile profile = Profile.of(PoissonSampled.halfwayAbsent(rate, new Gaussian(sigma / 2, REPLACE)));
                    double pair = hockey(up, down, epsilon, 12 * sigma);
                    assertThat(profile.lower(epsilon)).isCloseTo(pair, within(1e-6 * pair + 1e-14));
                    assertThat(profile.upper(epsilon)).isGreaterThanOrEqualTo(pair * (1 - 1e-7));
                }
            }
        }
    }

    @Test
    void sampledReplaced_absentAtFullDistanceOrAnywhere_covered() {
        for (double rate : new double[] {0.01, 0.3}) {
            for (double sigma : new double[] {0.5, 2}) {
                for (double epsilon : new double[] {0, 0.05, 0.5, 2}) {
                    PrivacyLoss step = new Gaussian(sigma, REPLACE);
                    Profile profile = Profile.of(new PoissonSampled(rate, step));
                    // Sums of values in [0, 1]: a record of 1 becomes one of 0, which is as if it were absent.
                    DoubleUnaryOperator one = x -> (1 - rate) * normal(x, sigma) + rate * normal(x - 1, sigma);
                    double pair = hockey(one, x -> normal(x, sigma), epsilon, 12 * sigma + 1);
                    assertThat(profile.upper(epsilon)).isGreaterThanOrEqualTo(pair * (1 - 1e-7));
                    // An absent record that shows, as in a mean of few: nothing else overlaps.
                    double far = 40 * sigma;
                    DoubleUnaryOperator up = x -> (1 - rate) * normal(x + far, sigma) + rate * normal(x - 1, sigma);
                    DoubleUnaryOperator down = x -> (1 - rate) * normal(x + far, sigma) + rate * normal(x, sigma);
                    double shown = hockey(up, down, epsilon, 60 * sigma);
                    encloses(new PoissonSampled(rate, step), epsilon, shown, 1e-4);
                }
            }
        }
    }

    @Test
    void sampledReplaced_composed_upperAboveThatOfClippedVectors() {
        PrivacyLoss step = new Gaussian(1, REPLACE);
        PrivacyInterval unknown = PldAccountant.of().epsilon(new PoissonSampled(0.1, step).repeat(50), 1e-6);
        PrivacyInterval halfway = PldAccountant.of()
                .epsilon(PoissonSampled.halfwayAbsent(0.1, step).repeat(50), 1e-6);

        assertThat(unknown.lower()).isGreaterThan(2 * halfway.upper());
        assertThat(unknown.upper()).isCloseTo(unknown.lower(), within(0.01 * unknown.lower()));
        assertThat(new RdpAccountant()
                        .epsilon(new PoissonSampled(0.1, step).repeat(50), 1e-6)
                        .upper())
                .isGreaterThanOrEqualTo(unknown.lower());
    }

    @Test
    void poissonSampled_sampledPartOrOtherRelation_refusedOrPlain() {
        assertThatThrownBy(() ->
                        new PoissonSampled(0.5, new PoissonSampled(0.5, new Pure(1, ADD)).and(new Pure(2, ADD))))
                .hasMessageStartingWith("loss must have no sampled parts, was ");
        assertThat(PoissonSampled.halfwayAbsent(0.5, new Pure(1, ADD)))
                .isEqualTo(new PoissonSampled(0.5, new Pure(1, ADD)));
    }

    @Test
    void sampledAtRateOne_isTheLossItself() {
        for (PrivacyLoss loss : new PrivacyLoss[] {new Gaussian(1, ADD), new Laplace(2, REPLACE), new Pure(1, ADD)}) {
            assertThat(Profile.of(new PoissonSampled(1, loss)).delta(0.3))
                    .isEqualTo(Profile.of(loss).delta(0.3));
        }
    }

    @Test
    void discreteGaussian_sumOverAllIntegers_agrees() {
        for (double sigma : new double[] {0.4, 1, 20}) {
            for (long sensitivity : new long[] {1, 3}) {
                for (double epsilon : new double[] {0, 0.05, 1, 4}) {
                    double norm = 0;
                    double sum = 0;
                    for (int k = -3000; k <= 3000; k++) {
                        double p = Math.exp(-0.5 * Math.pow((k - sensitivity) / sigma, 2));
                        double q = Math.exp(-0.5 * Math.pow(k / sigma, 2));
                        norm += q;
                        sum += Math.max(0, p - Math.exp(epsilon) * q);
                    }
                    encloses(new DiscreteGaussian(sigma, sensitivity, ADD), epsilon, sum / norm, 1e-9);
                }
            }
        }
    }

    @Test
    void discreteGaussian_large_belowConcentrated() {
        Profile profile = Profile.of(new DiscreteGaussian(1e9, 1_000_000_000, ADD));
        Profile gaussian = Profile.of(new Gaussian(1, ADD));
        assertThat(profile.upper(1)).isGreaterThan(gaussian.lower(1)).isLessThan(3 * gaussian.upper(1));
    }

    @Test
    void randomizedResponse_definition_agrees() {
        for (int answers : new int[] {2, 3, 50}) {
            double noise = 0.4;
            double same = 1 - noise + noise / answers;
            for (double epsilon : new double[] {0, 0.5, 3}) {
                double truth = Math.max(0, same - Math.exp(epsilon) * noise / answers);
                encloses(new RandomizedResponse(noise, answers, REPLACE), epsilon, truth, 1e-10);
            }
        }
    }

    @Test
    void pureAndApproximate_definition_agrees() {
        for (double own : new double[] {0.1, 1, 800}) {
            encloses(new Pure(own, ADD), own, 0, 0);
            encloses(new Approximate(own, 1e-7, ADD), own, 1e-7, 1e-10);
            double half = own / 2;
            double truth = (1 - Math.exp(half - own)) / (1 + Math.exp(-own));
            encloses(new Pure(own, ADD), half, truth, 1e-10);
        }
    }

    @Test
    void zeroConcentrated_conversion_aboveGaussian() {
        for (double rho : new double[] {1e-6, 0.5, 40}) {
            PrivacyInterval concentrated = new ZcdpAccountant().epsilon(new ZeroConcentrated(rho, ADD), 1e-6);
            double gaussian =
                    GaussianCalibration.epsilon(1 / Math.sqrt(2 * rho), 1e-6).lower();
            double classic = rho + 2 * Math.sqrt(rho * Math.log(1e6));
            assertThat(concentrated.upper()).isGreaterThan(gaussian).isLessThan(classic);
            assertThat(concentrated.lower()).isCloseTo(gaussian, within(1e-8 * gaussian));
        }
    }

    @Test
    void normalTail_integral_agrees() {
        for (double x : new double[] {-30, -2.5, -1, 0, 1, 2.4999, 2.5, 6, 37}) {
            // Q(x) e^(x²/2) √(2π) = ∫ e^(−xt − t²/2) dt over t > 0, by Simpson.
            int steps = 200_000;
            double end = x > 0 ? 12 : 12 - x;
            double h = end / steps;
            double sum = 0;
            for (int i = 0; i <= steps; i++) {
                double t = i * h;
                sum += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-x * t - t * t / 2);
            }
            double truth = sum * h / 3;
            assertThat(NormalTail.mills(x)).as("at %s", x).isCloseTo(truth, within(1e-11 * truth));
            assertThat(NormalTail.logTail(x)).isCloseTo(Math.log(truth) + NormalTail.logDensity(x), within(2e-11));
        }
    }

    private static void encloses(PrivacyLoss loss, double epsilon, double truth, double tolerance) {
        PrivacyInterval found = Profile.of(loss).delta(epsilon);
        assertThat(found.upper()).as("%s at %s", loss, epsilon).isGreaterThanOrEqualTo(truth * (1 - tolerance));
        assertThat(found.lower()).as("%s at %s", loss, epsilon).isLessThanOrEqualTo(truth * (1 + tolerance) + 1e-30);
        assertThat(found.upper() - found.lower()).isLessThanOrEqualTo(1e-9 * found.upper() + 1e-15);
    }

    private static double normal(double x, double sigma) {
        return Math.exp(-0.5 * x * x / sigma / sigma) / sigma / Math.sqrt(2 * Math.PI);
    }

    /** ∫ max(0, p − e^ε q) by the midpoint rule. */
    private static double hockey(DoubleUnaryOperator p, DoubleUnaryOperator q, double epsilon, double reach) {
        int steps = 40_000;
        double h = (2 * reach + 1) / steps;
        double sum = 0;
        for (int i = 0; i < steps; i++) {
            double x = -reach + (i + 0.5) * h;
            sum += Math.max(0, p.applyAsDouble(x) - Math.exp(epsilon) * q.applyAsDouble(x));
        }
        return sum * h;
    }
}
