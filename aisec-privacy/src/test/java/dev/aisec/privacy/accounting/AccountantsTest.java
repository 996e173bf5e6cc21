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
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every accountant must satisfy, and closed forms. */
class AccountantsTest {
    private static final Neighbouring ADD = Neighbouring.ADD_REMOVE;
    private static final Neighbouring REPLACE = Neighbouring.REPLACE_ONE;
    private static final PldAccountant PLD = PldAccountant.of();
    private static final RdpAccountant RDP = new RdpAccountant();
    private static final KovAccountant KOV = new KovAccountant();

    private static List<Accountant> accountants() {
        return List.of(new BasicAccountant(), KOV, new ZcdpAccountant(), RDP, PLD);
    }

    static Stream<PrivacyLoss> losses() {
        return Stream.of(
                new Pure(0.5, ADD),
                new Pure(0, ADD),
                new Pure(0.1, ADD).repeat(50),
                new Approximate(0.3, 1e-8, ADD).repeat(10),
                new Gaussian(2, ADD),
                new Gaussian(5, ADD).repeat(30),
                new Laplace(3, ADD).repeat(20),
                new DiscreteGaussian(12, 3, ADD).repeat(20),
                new ZeroConcentrated(0.02, ADD).repeat(7),
                new RandomizedResponse(0.7, 5, REPLACE).repeat(12),
                sampled(0.02, 1.2, 300, ADD),
                sampled(0.02, 0.8, 100, REPLACE),
                sampled(0.5, 3, 1, Neighbouring.ZERO_OUT),
                new PoissonSampled(0.1, new Laplace(1, ADD)).repeat(20),
                new PoissonSampled(0.1, new Laplace(1, REPLACE)).repeat(20),
                new PoissonSampled(0.1, new Gaussian(1, REPLACE)).repeat(20),
                PoissonSampled.halfwayAbsent(0.1, new Laplace(1, REPLACE)).repeat(20),
                new PoissonSampled(0.2, new RandomizedResponse(0.7, 4, REPLACE)).repeat(12),
                new PoissonSampled(0.2, new DiscreteGaussian(4, 1, ADD)).repeat(12),
                new PoissonSampled(0.2, new Approximate(0.4, 1e-9, ADD)).repeat(12),
                new PoissonSampled(0.2, new ZeroConcentrated(0.1, ADD)).repeat(12));
    }

    /** Losses of several parts: slower. */
    static Stream<PrivacyLoss> composedLosses() {
        return Stream.of(
                new PoissonSampled(0.2, new Gaussian(2, ADD).repeat(3)).repeat(12),
                new PoissonSampled(0.2, new Gaussian(2, ADD).and(new Pure(0.1, ADD))).repeat(4),
                new Gaussian(5, ADD)
                        .and(new Laplace(3, ADD))
                        .and(new ZeroConcentrated(0.01, ADD))
                        .and(new Approximate(0.1, 1e-9, ADD))
                        .and(sampled(0.1, 2, 10, ADD)));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void everyLoss_anyTwoAccountants_intervalsMeet(PrivacyLoss loss) {
        double most = 0;
        double least = Double.POSITIVE_INFINITY;
        for (Accountant accountant : accountants()) {
            PrivacyInterval found = accountant.epsilon(loss, 1e-5);
            most = Math.max(most, found.lower());
            least = Math.min(least, found.upper());
        }
        assertThat(most).isLessThanOrEqualTo(least);
        most = 0;
        least = 1;
        for (Accountant accountant : accountants()) {
            PrivacyInterval found = accountant.delta(loss, 0.7);
            most = Math.max(most, found.lower());
            least = Math.min(least, found.upper());
        }
        assertThat(most).isLessThanOrEqualTo(least);
    }

    @ParameterizedTest
    @MethodSource("composedLosses")
    @Tag("long")
    void composedLosses_anyTwoAccountants_intervalsMeet(PrivacyLoss loss) {
        everyLoss_anyTwoAccountants_intervalsMeet(loss);
    }

    @ParameterizedTest
    @MethodSource({"losses", "composedLosses"})
    @Tag("long")
    void everyLoss_deltaAtEpsilon_isConsistent(PrivacyLoss loss) {
        for (Accountant accountant : accountants()) {
            double upper = accountant.epsilon(loss, 1e-5).upper();
            if (upper < Double.POSITIVE_INFINITY) {
                // δ at the ε that was promised for 1e-5 is not certainly above 1e-5.
                assertThat(accountant.delta(loss, upper).lower())
                        .as(accountant.name())
                        .isLessThanOrEqualTo(1e-5 * (1 + 1e-9));
            }
        }
    }

    @ParameterizedTest
    @MethodSource({"losses", "composedLosses"})
    @Tag("long")
    void everyLoss_repeated_neverCheaper(PrivacyLoss loss) {
        for (Accountant accountant : accountants()) {
            double once = accountant.epsilon(loss, 1e-5).upper();
            double thrice = accountant.epsilon(loss.repeat(3), 1e-5).upper();
            assertThat(thrice).as(accountant.name()).isGreaterThanOrEqualTo(once * (1 - 1e-3));
        }
    }

    @Test
    void pld_publishedPoints_narrowAndAtThem() {
        // Origin: dp_accounting's PLD at a discretisation of 1e-4, an upper bound to its own rounding.
        enclosed(PLD.epsilon(sampled(0.01, 1.1, 1000, ADD), 1e-5), 1.51537, 2e-4);
        enclosed(PLD.epsilon(sampled(256.0 / 60000, 1.1, 10_000, ADD), 1e-5), 1.97797, 2e-4);
        enclosed(PLD.epsilon(sampled(0.001, 1, 10_000, ADD), 1e-6), 0.55539, 4e-3);
    }

    private static void enclosed(PrivacyInterval found, double reference, double width) {
        assertThat(found.upper() - found.lower()).isLessThan(width * found.upper());
        assertThat(found.upper()).isCloseTo(reference, within(width * reference));
        assertThat(found.lower()).isLessThanOrEqualTo(reference);
    }

    @Test
    void rdp_publishedPoints_notAbove() {
        // Origin: dp_accounting's RDP with its default orders; orders between them can only gain.
        double[] found = {
            RDP.epsilon(sampled(0.01, 1.1, 1000, ADD), 1e-5).upper(),
            RDP.epsilon(sampled(256.0 / 60000, 1.1, 10_000, ADD), 1e-5).upper(),
            RDP.epsilon(sampled(0.001, 1, 10_000, ADD), 1e-6).upper()
        };
        double[] reference = {1.71177, 2.16159, 0.97954};
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isBetween(reference[i] * 0.995, reference[i] + 1e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-30, 1e-5, 0.1})
    void pld_gaussianComposedByTransform_enclosesClosedForm(double delta) {
        encloses(17, delta);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-30, 1e-5, 0.1})
    @Tag("long")
    void pld_millionGaussiansComposedByTransform_enclosesClosedForm(double delta) {
        encloses(1_000_000, delta);
    }

    private static void encloses(long times, double delta) {
        // A rate of 1 keeps the parts from being merged, which would give the closed form itself.
        PrivacyLoss loss = new PoissonSampled(1, new Gaussian(Math.sqrt(times), ADD)).repeat(times);
        PrivacyInterval truth = GaussianCalibration.epsilon(1, delta);
        PrivacyInterval found = PLD.epsilon(loss, delta);
        assertThat(found.lower()).isLessThanOrEqualTo(truth.upper());
        assertThat(found.upper()).isGreaterThanOrEqualTo(truth.lower());
        assertThat(found.upper() - found.lower()).isLessThan(3e-3 * truth.upper());
        PrivacyInterval back = PLD.delta(loss, truth.upper());
        assertThat(back.lower()).isLessThanOrEqualTo(delta * (1 + 1e-9));
        assertThat(back.upper()).isGreaterThanOrEqualTo(delta * (1 - 1e-9));
    }

    @Test
    void pldAndKov_randomizedResponseComposed_encloseExactBinomialSum() {
        for (int times : new int[] {2, 7, 60}) {
            for (double own : new double[] {0.05, 0.5, 2}) {
                for (double epsilon : new double[] {0, own, 0.3 * own * times}) {
                    double truth = binomial(own, times, epsilon).doubleValue();
                    for (Accountant accountant : List.of(KOV, PLD)) {
                        PrivacyInterval found = accountant.delta(new Pure(own, ADD).repeat(times), epsilon);
                        assertThat(found.lower()).isLessThanOrEqualTo(truth * (1 + 1e-14));
                        assertThat(found.upper()).isGreaterThanOrEqualTo(truth * (1 - 1e-14));
                        assertThat(found.upper() - found.lower())
                                .as("%s %s %s %s", accountant.name(), times, own, epsilon)
                                .isLessThanOrEqualTo(2e-4 * truth + 1e-15);
                    }
                    PrivacyInterval back = KOV.epsilon(new Pure(own, ADD).repeat(times), truth);
                    if (truth > 0 && truth < 0.99) {
                        assertThat(back.lower()).isLessThanOrEqualTo(epsilon + 1e-12);
                        assertThat(back.upper())
                                .isCloseTo(epsilon, within(1e-10 * (1 + epsilon) + 1e-9 / truth * 1e-5));
                    }
                }
            }
        }
    }

    /** Σ C(k, i) max(0, e^(i own) − e^(ε + (k − i) own)) / (1 + e^own)^k in 60 digits. */
    private static BigDecimal binomial(double own, int times, double epsilon) {
        MathContext digits = new MathContext(60);
        BigDecimal e = exp(new BigDecimal(own), digits);
        BigDecimal factor = exp(new BigDecimal(epsilon), digits);
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal choose = BigDecimal.ONE;
        for (int i = 0; i <= times; i++) {
            BigDecimal gain = e.pow(i, digits).subtract(factor.multiply(e.pow(times - i, digits), digits), digits);
            sum = sum.add(choose.multiply(gain.max(BigDecimal.ZERO), digits), digits);
            choose = choose.multiply(BigDecimal.valueOf(times - i)).divide(BigDecimal.valueOf(i + 1L), digits);
        }
        return sum.divide(e.add(BigDecimal.ONE).pow(times, digits), digits);
    }

    private static BigDecimal exp(BigDecimal x, MathContext digits) {
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        BigDecimal small = x.divide(BigDecimal.valueOf(1024), digits);
        for (int k = 1; k < 60; k++) {
            term = term.multiply(small, digits).divide(BigDecimal.valueOf(k), digits);
            sum = sum.add(term, digits);
        }
        return sum.pow(1024, digits);
    }

    @Test
    void kov_publishedBound_neverAboveAdvancedComposition() {
        for (int times : new int[] {10, 1000}) {
            for (double own : new double[] {0.01, 0.2}) {
                double advanced = Math.sqrt(2 * times * Math.log(1e6)) * own + times * own * Math.expm1(own);
                double basic = times * own;
                double found =
                        KOV.epsilon(new Pure(own, ADD).repeat(times), 1e-6).upper();
                assertThat(found).isLessThanOrEqualTo(Math.min(advanced, basic) * (1 + 1e-12));
            }
        }
    }

    @Test
    void rdp_sampledGaussian_agreesWithSimpsonAtFractionalOrders() {
        for (double rate : new double[] {0.001, 0.1, 0.5, 0.9}) {
            for (double sigma : new double[] {0.5, 1, 5}) {
                for (double order : new double[] {1.05, 1.25, 1.5, 2, 3.7, 16, 40.5}) {
                    PrivacyLoss loss = new PoissonSampled(rate, new Gaussian(sigma, ADD));
                    double found = RDP.divergence(loss, order);
                    double removed = renyi(rate, sigma, order, order);
                    double added = renyi(rate, sigma, order, 1 - order);
                    assertThat(found)
                            .as("%s %s %s", rate, sigma, order)
                            .isGreaterThanOrEqualTo(removed * (1 - 1e-9) - 1e-12)
                            .isCloseTo(removed, within(1e-8 * removed + 1e-11));
                    assertThat(found).isGreaterThanOrEqualTo(added * (1 - 1e-9) - 1e-12);
                }
            }
        }
    }

    /** ln ∫ φ(x) (1 − q + q e^(x/σ − 1/2σ²))^power / (α − 1) by Simpson with compensated summation. */
    private static double renyi(double rate, double sigma, double order, double power) {
        double low = -14;
        double high = Math.max(power, 0) / sigma + 14;
        int steps = 20_000;
        double h = (high - low) / steps;
        double top = Math.max(0, order * (order - 1) / 2 / sigma / sigma + order * Math.log(rate));
        double sum = 0;
        double lost = 0;
        for (int i = 0; i <= steps; i++) {
            double x = low + i * h;
            double weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            double exponent = x / sigma - 0.5 / sigma / sigma;
            double log = power * (exponent > 50 ? exponent + Math.log(rate) : Math.log1p(rate * Math.expm1(exponent)));
            double term = weight * Math.exp(log - 0.5 * x * x - top) - lost;
            double next = sum + term;
            lost = (next - sum) - term;
            sum = next;
        }
        return (Math.log(sum * h / 3 / Math.sqrt(2 * Math.PI)) + top) / (order - 1);
    }

    @Test
    @Tag("long")
    void everyAccountant_moreStepsLessNoiseMoreSamples_monotone() {
        for (Accountant accountant : accountants()) {
            double before = 0;
            for (long steps : new long[] {1, 2, 5, 100, 1000}) {
                before = grown(before, accountant, sampled(0.02, 1, steps, ADD), 1e-5);
            }
            before = 0;
            for (double sigma : new double[] {1000, 30, 5, 2, 1, 0.5}) {
                before = grown(before, accountant, sampled(0.02, sigma, 100, ADD), 1e-5);
            }
            before = 0;
            for (double rate : new double[] {1e-4, 1e-3, 0.02, 0.3, 1}) {
                before = grown(before, accountant, sampled(rate, 2, 100, ADD), 1e-5);
            }
            before = 0;
            for (double delta : new double[] {0.1, 1e-3, 1e-5, 1e-10, 1e-30}) {
                before = grown(before, accountant, sampled(0.02, 2, 100, ADD), delta);
            }
        }
    }

    private static double grown(double before, Accountant accountant, PrivacyLoss loss, double delta) {
        PrivacyInterval found = accountant.epsilon(loss, delta);
        assertThat(found.upper())
                .as("%s of %s at %s", accountant.name(), loss, delta)
                .isGreaterThanOrEqualTo(before * (1 - 1e-4));
        return found.upper();
    }

    @Test
    @Tag("long")
    void everyAccountant_edgeGrid_finiteOrderedAnswers() {
        for (double sigma : new double[] {0.1, 1, 1e3}) {
            for (double rate : new double[] {1e-4, 1}) {
                for (long steps : new long[] {1, 1_000_000}) {
                    for (double delta : new double[] {1e-30, 1e-6}) {
                        for (Accountant accountant : accountants()) {
                            PrivacyLoss loss = sampled(rate, sigma, steps, ADD);
                            PrivacyInterval found = accountant.epsilon(loss, delta);
                            assertThat(found.upper())
                                    .as("%s %s %s", accountant.name(), loss, delta)
                                    .isFinite();
                            assertThat(found.lower()).isNotNaN();
                        }
                    }
                }
            }
        }
        for (Accountant accountant : accountants()) {
            PrivacyInterval found = accountant.delta(new Gaussian(0.03, ADD), 800);
            assertThat(found.upper()).isLessThan(1e-3);
            assertThat(found.lower()).isLessThanOrEqualTo(found.upper());
        }
    }

    @Test
    void pld_lossesBeyondTheGridOfABound_upperStaysAboveWhatIsReached() {
        for (double rho : new double[] {5, 20, 105, 1000}) {
            PrivacyLoss loss = new ZeroConcentrated(rho, ADD).and(new Pure(0.001, ADD));
            for (double delta : new double[] {0.03, 1e-6}) {
                PrivacyInterval reached = PLD.epsilon(new Gaussian(1 / Math.sqrt(2 * rho), ADD), delta);
                PrivacyInterval known = new ZcdpAccountant().epsilon(loss, delta);
                assertThat(PLD.epsilon(loss, delta).upper()).isBetween(reached.upper(), known.upper() * 1.01);
            }
        }
    }

    @Test
    void everyAccountant_replaceOne_costsMoreThanAddRemoveOfTheSameNoise() {
        // Clipped sums: noise σ C is a multiplier of σ for a record more, of σ / 2 for another record.
        double sigma = 1.6;
        for (Accountant accountant : accountants()) {
            double add =
                    accountant.epsilon(sampled(0.02, sigma, 100, ADD), 1e-5).upper();
            double replace = accountant
                    .epsilon(sampled(0.02, sigma / 2, 100, REPLACE), 1e-5)
                    .upper();
            double twice = accountant
                    .epsilon(new Gaussian(sigma / 2, REPLACE).repeat(9), 1e-5)
                    .upper();
            double once = accountant
                    .epsilon(new Gaussian(sigma / 2, ADD).repeat(9), 1e-5)
                    .upper();
            assertThat(replace).as(accountant.name()).isGreaterThan(add);
            assertThat(twice).isEqualTo(once);
        }
        PrivacyInterval replace = PLD.epsilon(sampled(0.02, sigma / 2, 100, REPLACE), 1e-5);
        assertThat(replace.lower())
                .isGreaterThan(PLD.epsilon(sampled(0.02, sigma, 100, ADD), 1e-5).upper());
    }

    @Test
    void pld_orderOfParts_doesNotMatter() {
        PrivacyLoss one = sampled(0.02, 1, 50, ADD).and(new Laplace(4, ADD));
        PrivacyLoss two = new Laplace(4, ADD).and(sampled(0.02, 1, 50, ADD));
        assertThat(PLD.epsilon(one, 1e-5).upper())
                .isCloseTo(PLD.epsilon(two, 1e-5).upper(), within(1e-9));
    }

    @Test
    void pld_finerGrid_insideCoarserInterval() {
        PrivacyLoss loss = sampled(0.05, 0.9, 200, ADD);
        PrivacyInterval coarse = PLD.withDiscretisation(2e-2).epsilon(loss, 1e-6);
        PrivacyInterval fine = PLD.epsilon(loss, 1e-6);
        assertThat(coarse.lower()).isLessThanOrEqualTo(fine.upper());
        assertThat(coarse.upper()).isGreaterThanOrEqualTo(fine.lower());
        assertThat(fine.upper() - fine.lower()).isLessThan(coarse.upper() - coarse.lower());
    }

    @Test
    void epsilon_deltaOfApproximatePartsNotCovered_infinite() {
        PrivacyLoss loss = new Approximate(0.1, 1e-4, ADD).repeat(3);
        for (Accountant accountant : accountants()) {
            assertThat(accountant.epsilon(loss, 1e-5).upper())
                    .as(accountant.name())
                    .isInfinite();
        }
        assertThat(PLD.epsilon(loss, 1e-5).lower()).isInfinite();
    }

    @Test
    void everyAccountant_badArguments_refused() {
        for (Accountant accountant : accountants()) {
            assertThatThrownBy(() -> accountant.epsilon(new Pure(1, ADD), 1))
                    .hasMessage("delta must be in [0, 1), was 1.0");
            assertThatThrownBy(() -> accountant.delta(new Pure(1, ADD), Double.NaN))
                    .hasMessage("epsilon must be >= 0 and finite, was NaN");
        }
        assertThatThrownBy(() -> new PldAccountant(0)).hasMessage("discretisation must be in (0, 1], was 0.0");
        assertThatThrownBy(() -> RDP.divergence(new Pure(1, ADD), 1))
                .hasMessage("order must be > 1 and finite, was 1.0");
    }

    static PrivacyLoss sampled(double rate, double sigma, long steps, Neighbouring neighbouring) {
        return PoissonSampled.halfwayAbsent(rate, new Gaussian(sigma, neighbouring))
                .repeat(steps);
    }
}
