// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static dev.aisec.privacy.accounting.Neighbouring.REPLACE_ONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

class BudgetTest {
    private static final BigDecimal UNIT = new BigDecimal(BigInteger.ONE.shiftLeft(200));

    /** Units of an exact value, rounded up. */
    private static BigInteger units(BigDecimal value) {
        return value.multiply(UNIT).setScale(0, RoundingMode.CEILING).toBigIntegerExact();
    }

    private static BigInteger quotient(BigDecimal numerator, BigDecimal denominator) {
        return numerator
                .multiply(UNIT)
                .divide(denominator, 0, RoundingMode.CEILING)
                .toBigIntegerExact();
    }

    @Test
    void reserve_elevenEleventhsInDoubles_refusesTheOneThatExceeds() {
        double eleventh = 1.0 / 11;
        int fit = BigDecimal.ONE.divideToIntegralValue(new BigDecimal(eleventh)).intValueExact();
        // The case: exactly, eleven of this double exceed 1, but their product in doubles is 1.
        assertThat(new BigDecimal(eleventh).multiply(BigDecimal.valueOf(11))).isGreaterThan(BigDecimal.ONE);
        assertThat(11 * eleventh).isEqualTo(1);
        assertThat(fit).isEqualTo(10);

        MemoryLedger ledger = MemoryLedger.of(Budget.pure(1, ADD_REMOVE));
        PrivacyLoss loss = new PrivacyLoss.Pure(eleventh, ADD_REMOVE);
        for (int i = 0; i < fit; i++) {
            ledger.reserve(loss, "eleventh");
        }
        assertThatThrownBy(() -> ledger.reserve(loss, "eleventh")).isInstanceOf(BudgetExhaustedException.class);
        // At once it is no cheaper.
        assertThatThrownBy(() -> MemoryLedger.of(Budget.pure(1, ADD_REMOVE)).reserve(loss.repeat(11), "all"))
                .isInstanceOf(BudgetExhaustedException.class);
    }

    @Test
    void reserve_anyDoubles_grantsExactlyAsManyAsFit() {
        RandomGenerator random = new Seed(5).generator(0);
        for (int i = 0; i < 300; i++) {
            double epsilon = Math.scalb(1 + random.nextDouble(), -random.nextInt(12));
            double total = epsilon * (1 + random.nextInt(40)) * (1 + 1e-16 * random.nextInt(4));
            long fit = new BigDecimal(total)
                    .divideToIntegralValue(new BigDecimal(epsilon))
                    .longValueExact();
            MemoryLedger ledger = MemoryLedger.of(Budget.pure(total, ADD_REMOVE));
            long granted = 0;
            try {
                while (true) {
                    ledger.reserve(new PrivacyLoss.Pure(epsilon, ADD_REMOVE), "one");
                    granted++;
                }
            } catch (BudgetExhaustedException e) {
                assertThat(granted).as("%s of %s", epsilon, total).isEqualTo(fit);
            }
        }
    }

    @Test
    void reserve_subnormalAndTinyDeltas_areNotLost() {
        MemoryLedger ledger = MemoryLedger.of(Budget.approximate(1, 3e-30, 0, ADD_REMOVE));
        PrivacyLoss tiny = new PrivacyLoss.Approximate(Double.MIN_VALUE, 1e-30, ADD_REMOVE);
        ledger.reserve(tiny, "one");
        assertThat(ledger.spent().privacy()).isEqualTo(0x1p-200);
        assertThat(ledger.spent().delta()).isBetween(1e-30, Math.nextUp(1e-30));
        ledger.reserve(tiny, "two");
        assertThat(ledger.spent().privacy()).isEqualTo(0x1p-199);
        // 1e-30 as a double is above or below a third of 3e-30; exactly:
        boolean fits = new BigDecimal(1e-30).multiply(BigDecimal.valueOf(3)).compareTo(new BigDecimal(3e-30)) <= 0;
        if (fits) {
            ledger.reserve(tiny, "three");
        }
        assertThatThrownBy(() -> ledger.reserve(tiny, "four"))
                .isInstanceOf(BudgetExhaustedException.class)
                .hasMessageContaining("delta");
    }

    @Test
    void cost_pure_isExactRoundedUp() {
        Budget budget = Budget.pure(10, REPLACE_ONE);
        assertThat(Cost.of(new PrivacyLoss.Pure(0.1, REPLACE_ONE), budget).privacy())
                .isEqualTo(units(new BigDecimal(0.1)));
        assertThat(Cost.of(new PrivacyLoss.Laplace(3, REPLACE_ONE), budget).privacy())
                .isEqualTo(quotient(BigDecimal.ONE, new BigDecimal(3)));
        assertThat(Cost.of(new PrivacyLoss.Laplace(0x1p-1074, REPLACE_ONE), budget)
                        .privacy())
                .isEqualTo(BigInteger.ONE.shiftLeft(1274));
        PrivacyLoss composed = new PrivacyLoss.Laplace(3, REPLACE_ONE)
                .repeat(5)
                .and(new PrivacyLoss.Approximate(0.25, 0, REPLACE_ONE));
        assertThat(Cost.of(composed, budget).privacy())
                .isEqualTo(quotient(BigDecimal.ONE, new BigDecimal(3))
                        .multiply(BigInteger.valueOf(5))
                        .add(units(new BigDecimal(0.25))));
    }

    /** ln to 60 digits by the series of 2 artanh, against the answer in doubles. */
    @Test
    void cost_randomizedResponse_isTheLogarithmRoundedUp() {
        MathContext digits = new MathContext(60);
        Budget budget = Budget.pure(1000, REPLACE_ONE);
        for (double p : new double[] {1, Math.nextDown(1.0), 0.9, 0.5, 0.1}) {
            for (int k : new int[] {2, 10, 100}) {
                BigDecimal noise = new BigDecimal(p);
                BigDecimal odds = BigDecimal.valueOf(k)
                        .multiply(BigDecimal.ONE.subtract(noise))
                        .divide(noise, digits);
                BigDecimal x = BigDecimal.ONE.add(odds);
                BigDecimal t = odds.divide(x.add(BigDecimal.ONE), digits);
                BigDecimal square = t.multiply(t, digits);
                BigDecimal power = t;
                BigDecimal sum = BigDecimal.ZERO;
                for (int n = 1; power.compareTo(new BigDecimal("1e-40")) > 0; n += 2) {
                    sum = sum.add(power.divide(BigDecimal.valueOf(n), digits), digits);
                    power = power.multiply(square, digits);
                }
                BigDecimal ln = sum.multiply(BigDecimal.valueOf(2));
                BigDecimal cost = new BigDecimal(Cost.of(new PrivacyLoss.RandomizedResponse(p, k, REPLACE_ONE), budget)
                                .privacy())
                        .divide(UNIT, digits);
                assertThat(cost).as("p %s k %s", p, k).isGreaterThanOrEqualTo(ln);
                assertThat(cost.doubleValue()).isLessThanOrEqualTo(ln.doubleValue() * (1 + 1e-15));
            }
        }
        // Odds beyond the doubles still have a finite cost, above the truth: ln(2 / 2^-1074) = 745.13…
        assertThat(Cost.of(new PrivacyLoss.RandomizedResponse(Double.MIN_VALUE, 2, REPLACE_ONE), budget)
                        .roundedUp()
                        .privacy())
                .isBetween(1075 * Math.log(2), 1077 * Math.log(2));
    }

    @Test
    void cost_zeroConcentrated_isExactRoundedUp() {
        Budget budget = Budget.zeroConcentrated(10, 1e-6, ADD_REMOVE);
        BigDecimal two = BigDecimal.valueOf(2);
        BigDecimal sigma = new BigDecimal(1.1);
        assertThat(Cost.of(new PrivacyLoss.Gaussian(1.1, ADD_REMOVE), budget).privacy())
                .isEqualTo(quotient(BigDecimal.ONE, sigma.multiply(sigma).multiply(two)));
        assertThat(Cost.of(new PrivacyLoss.DiscreteGaussian(1.1, 3, ADD_REMOVE), budget)
                        .privacy())
                .isEqualTo(quotient(BigDecimal.valueOf(9), sigma.multiply(sigma).multiply(two)));
        assertThat(Cost.of(new PrivacyLoss.ZeroConcentrated(0.3, ADD_REMOVE), budget)
                        .privacy())
                .isEqualTo(units(new BigDecimal(0.3)));
        assertThat(Cost.of(new PrivacyLoss.Pure(0.3, ADD_REMOVE), budget).privacy())
                .isEqualTo(quotient(new BigDecimal(0.3).pow(2), two));
        assertThat(Cost.of(new PrivacyLoss.Laplace(3, ADD_REMOVE), budget).privacy())
                .isEqualTo(quotient(BigDecimal.ONE, BigDecimal.valueOf(18)));
        Cost approximate = Cost.of(new PrivacyLoss.Approximate(0.5, 1e-7, ADD_REMOVE).repeat(4), budget);
        assertThat(approximate.privacy()).isEqualTo(units(new BigDecimal(0.5)));
        assertThat(approximate.delta()).isEqualTo(units(new BigDecimal(1e-7)).multiply(BigInteger.valueOf(4)));
    }

    @Test
    void cost_notExpressible_isRefusedWithReason() {
        PrivacyLoss gaussian = new PrivacyLoss.Gaussian(1, ADD_REMOVE);
        List<PrivacyLoss> withoutEpsilon = List.of(
                gaussian,
                new PrivacyLoss.DiscreteGaussian(1, 1, ADD_REMOVE),
                new PrivacyLoss.ZeroConcentrated(1, ADD_REMOVE),
                new PrivacyLoss.PoissonSampled(0.5, gaussian),
                new PrivacyLoss.Pure(1, ADD_REMOVE).and(gaussian));
        for (PrivacyLoss loss : withoutEpsilon) {
            assertThatThrownBy(() -> Cost.of(loss, Budget.pure(1, ADD_REMOVE)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("finite epsilon at delta 0");
            assertThatThrownBy(() -> Cost.of(loss, Budget.approximate(1, 1e-6, 0, ADD_REMOVE)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("deltaPerRelease");
        }
        PrivacyLoss approximate = new PrivacyLoss.Approximate(0.1, 1e-9, ADD_REMOVE);
        for (Budget budget : List.of(Budget.pure(1, ADD_REMOVE), Budget.zeroConcentrated(1, 0, ADD_REMOVE))) {
            assertThatThrownBy(() -> Cost.of(approximate, budget))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no delta");
        }
        assertThatThrownBy(() -> Cost.of(
                        new PrivacyLoss.PoissonSampled(0.5, gaussian), Budget.zeroConcentrated(1, 0, ADD_REMOVE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rho");
        assertThatThrownBy(() -> Cost.of(new PrivacyLoss.Pure(1, REPLACE_ONE), Budget.pure(1, ADD_REMOVE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ADD_REMOVE")
                .hasMessageContaining("REPLACE_ONE");
    }

    /** δ of Gaussian noise in one part by its closed form, with the normal distribution of another library. */
    private static double gaussianDelta(double multiplier, double epsilon) {
        NormalDistribution normal = NormalDistribution.of(0, 1);
        double half = 0.5 / multiplier;
        return normal.cumulativeProbability(half - epsilon * multiplier)
                - Math.exp(epsilon) * normal.cumulativeProbability(-half - epsilon * multiplier);
    }

    @Test
    void cost_gaussianUnderApproximate_isTheExactEpsilonAtTheShareOfDelta() {
        Budget budget = Budget.approximate(10, 1e-4, 1e-6, ADD_REMOVE);
        Cost one = Cost.of(new PrivacyLoss.Gaussian(4, ADD_REMOVE), budget);
        double epsilon = one.roundedUp().privacy();
        assertThat(gaussianDelta(4, epsilon)).isBetween(1e-6 * (1 - 1e-6), 1e-6 * (1 + 1e-9));
        assertThat(one.delta()).isEqualTo(units(new BigDecimal(1e-6)));
        // Four at half the scale of information are one of twice: Σ 1/σ² decides; still one share of δ.
        Cost four = Cost.of(new PrivacyLoss.Gaussian(8, ADD_REMOVE).repeat(4), budget);
        assertThat(four.roundedUp().privacy()).isBetween(epsilon, epsilon * (1 + 1e-9));
        assertThat(four.delta()).isEqualTo(one.delta());
        // Parts with an (ε, δ) of their own are added to it.
        Cost mixed = Cost.of(
                new PrivacyLoss.Gaussian(4, ADD_REMOVE)
                        .and(new PrivacyLoss.Pure(0.5, ADD_REMOVE))
                        .and(new PrivacyLoss.Approximate(0.25, 1e-5, ADD_REMOVE)),
                budget);
        assertThat(mixed.privacy()).isEqualTo(one.privacy().add(units(new BigDecimal(0.75))));
        assertThat(mixed.delta()).isEqualTo(one.delta().add(units(new BigDecimal(1e-5))));
    }

    @Test
    void cost_trainingRunUnderApproximate_isThatOfTheTightestAccountant() {
        Budget budget = Budget.approximate(10, 1e-4, 1e-5, ADD_REMOVE);
        PrivacyLoss run = new PrivacyLoss.PoissonSampled(0.01, new PrivacyLoss.Gaussian(1.1, ADD_REMOVE)).repeat(1000);
        PrivacyInterval tight = PldAccountant.of().epsilon(run, 1e-5);
        BudgetAmount cost = Cost.of(run, budget).roundedUp();
        assertThat(cost.privacy()).isBetween(tight.lower(), tight.upper());
        assertThat(new BigDecimal(cost.delta())).isEqualTo(new BigDecimal(1e-5));
        // Sampled losses that have an (ε, δ) of their own keep it.
        PrivacyLoss sampled = new PrivacyLoss.PoissonSampled(0.5, new PrivacyLoss.Pure(1, ADD_REMOVE));
        assertThat(Cost.of(sampled, Budget.pure(1, ADD_REMOVE)).roundedUp().privacy())
                .isBetween(Math.log1p(0.5 * Math.expm1(1)), Math.log1p(0.5 * Math.expm1(1)) * (1 + 1e-14));
    }

    @Test
    void zeroConcentratedWithin_target_isTheLargestRhoThatHoldsIt() {
        for (double delta : new double[] {1e-30, 1e-6, 0.1}) {
            for (double epsilon : new double[] {0.01, 1, 50, 800}) {
                double rho = Budget.zeroConcentratedWithin(epsilon, delta, 0, ADD_REMOVE)
                        .rho();
                PrivacyLoss all = new PrivacyLoss.ZeroConcentrated(rho, ADD_REMOVE);
                assertThat(new ZcdpAccountant().epsilon(all, delta).upper()).isLessThanOrEqualTo(epsilon);
                PrivacyLoss more = new PrivacyLoss.ZeroConcentrated(rho * (1 + 1e-6), ADD_REMOVE);
                assertThat(new ZcdpAccountant().epsilon(more, delta).upper()).isGreaterThan(epsilon);
                // Looser, and known in closed form: ρ + 2 √(ρ ln 1/δ) (Bun, Steinke, proposition 1.3).
                assertThat(rho + 2 * Math.sqrt(-rho * Math.log(delta))).isGreaterThanOrEqualTo(epsilon);
            }
        }
        Budget.ZeroConcentrated both = Budget.zeroConcentratedWithin(1, 1e-6, 5e-7, ADD_REMOVE);
        assertThat(both.delta()).isEqualTo(5e-7);
        assertThat(both.rho())
                .isLessThan(
                        Budget.zeroConcentratedWithin(1, 1e-6, 0, ADD_REMOVE).rho());
    }

    @Test
    void of_badParameters_areRefused() {
        for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 0x1p41}) {
            assertThatThrownBy(() -> Budget.pure(bad, ADD_REMOVE))
                    .hasMessage("epsilon must be in (0, 2^40], was " + bad);
            assertThatThrownBy(() -> Budget.zeroConcentrated(bad, 0, ADD_REMOVE))
                    .hasMessage("rho must be in (0, 2^40], was " + bad);
        }
        for (double bad : new double[] {-1e-9, 1, Double.NaN}) {
            assertThatThrownBy(() -> Budget.approximate(1, bad, 0, ADD_REMOVE))
                    .hasMessage("delta must be in [0, 1), was " + bad);
        }
        assertThatThrownBy(() -> Budget.approximate(1, 1e-6, 2e-6, ADD_REMOVE))
                .hasMessage("deltaPerRelease must be in [0, delta], was 2.0E-6 with delta 1.0E-6");
    }

    @Test
    void amounts_anyUnits_roundOutward() {
        RandomGenerator random = new Seed(6).generator(0);
        for (int i = 0; i < 2000; i++) {
            BigInteger units = new BigInteger(1 + random.nextInt(240), new java.util.Random(random.nextLong()));
            Cost cost = new Cost(units, units);
            BigDecimal exact = new BigDecimal(units).divide(UNIT);
            assertThat(new BigDecimal(cost.roundedUp().privacy())).isGreaterThanOrEqualTo(exact);
            assertThat(new BigDecimal(cost.roundedDown().delta())).isLessThanOrEqualTo(exact);
            assertThat(cost.roundedUp().privacy())
                    .isLessThanOrEqualTo(Math.nextUp(cost.roundedDown().privacy()));
        }
    }

    @Test
    void memoryLedger_manyThreads_neverExceed() throws InterruptedException {
        MemoryLedger ledger = MemoryLedger.of(Budget.pure(1000, ADD_REMOVE));
        PrivacyLoss loss = new PrivacyLoss.Pure(0.125, ADD_REMOVE);
        java.util.concurrent.atomic.AtomicInteger granted = new java.util.concurrent.atomic.AtomicInteger();
        Thread[] threads = new Thread[8];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int n = 0; n < 2000; n++) {
                    try {
                        ledger.reserve(loss, "x").use(loss);
                        granted.incrementAndGet();
                    } catch (BudgetExhaustedException e) {
                        return;
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(granted).hasValue(8000);
        assertThat(ledger.remaining()).isEqualTo(new BudgetAmount(0, 0));
    }
}
