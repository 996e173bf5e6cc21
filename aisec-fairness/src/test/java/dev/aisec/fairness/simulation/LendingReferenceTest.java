// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.apache.commons.math3.fraction.BigFraction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One-step delayed impact against an enumeration of all breakpoints in exact fractions. */
class LendingReferenceTest {
    private static final double EXACT = 1e-12;
    private static final ClusterPopulation POPULATION = ClusterPopulation.creditClusters();
    private static final BigFraction ZERO = BigFraction.ZERO;
    private static final BigFraction ONE = BigFraction.ONE;
    // In hundredths, as the population is published.
    private static final int[][] MASS = {{0, 10, 10, 20, 30, 30, 0}, {10, 10, 20, 30, 30, 0, 0}};
    private static final int[] REPAY = {10, 20, 45, 60, 65, 70, 70};

    @Test
    void best_interestOne_givesPublishedImpact() {
        assertOutcome(DecisionCriterion.MAXIMUM_UTILITY, 0.8, 0.6, 0.25, 0.15);
        assertOutcome(DecisionCriterion.DEMOGRAPHIC_PARITY, 0.8, 0.8, 0.25, 0.13);
        // The breakpoint 0.525 / 0.59; group 1: 0.6 + (0.525 / 0.59 * 0.495 - 0.375) / 0.45.
        double more = (0.525 / 0.59 * 0.495 - 0.375) / 0.45;
        assertOutcome(DecisionCriterion.EQUAL_OPPORTUNITY, 0.8, 0.6 + more, 0.25, 0.15 - 0.1 * more);
        RuleOutcome outcome = outcome(DecisionCriterion.EQUAL_OPPORTUNITY, 1);
        assertThat(outcome.truePositiveRate().get(0).getAsDouble()).isCloseTo(0.889831, within(5e-7));
        assertThat(outcome.truePositiveRate().get(1).getAsDouble()).isCloseTo(0.889831, within(5e-7));
    }

    @Test
    void atTruePositiveRates_gridOptimumOfThePublishedRun_givesPublishedImpact() {
        // A grid of a thousand rates stops at 0.890, just above the breakpoint.
        RuleOutcome outcome =
                LendingEnvironment.of(POPULATION).outcome(AcceptanceRule.atTruePositiveRates(POPULATION, 0.89, 0.89));
        assertThat(outcome.acceptanceRate().get(0)).isCloseTo(0.8002, within(5e-5));
        assertThat(outcome.acceptanceRate().get(1)).isCloseTo(0.7457, within(5e-5));
        assertThat(outcome.scoreChange().get(1)).isCloseTo(0.1354, within(5e-5));
    }

    private static void assertOutcome(
            DecisionCriterion criterion, double rate0, double rate1, double change0, double change1) {
        RuleOutcome outcome = outcome(criterion, 1);
        assertThat(outcome.acceptanceRate().get(0)).isCloseTo(rate0, within(EXACT));
        assertThat(outcome.acceptanceRate().get(1)).isCloseTo(rate1, within(EXACT));
        assertThat(outcome.scoreChange().get(0)).isCloseTo(change0, within(EXACT));
        assertThat(outcome.scoreChange().get(1)).isCloseTo(change1, within(EXACT));
    }

    private static RuleOutcome outcome(DecisionCriterion criterion, double interest) {
        return LendingEnvironment.of(POPULATION)
                .withInterest(interest)
                .outcome(AcceptanceRule.best(criterion, POPULATION, interest));
    }

    /** What a group gives at a rate, in exact fractions: acceptance, share of the qualified, change of score, profit. */
    private record Exact(BigFraction rate, BigFraction positiveRate, BigFraction change, BigFraction profit) {}

    private static Exact at(int group, BigFraction target, boolean ofQualified, BigFraction interest) {
        BigFraction total = ZERO;
        for (int c = 0; c < 7; c++) {
            total = total.add(new BigFraction(MASS[group][c] * REPAY[c], 10_000));
        }
        BigFraction rate = ZERO;
        BigFraction positives = ZERO;
        BigFraction change = ZERO;
        BigFraction profit = ZERO;
        BigFraction left = target;
        for (int c = 6; c >= 0; c--) { // Repayment rises with the cluster.
            BigFraction p = new BigFraction(REPAY[c], 100);
            BigFraction mass = new BigFraction(MASS[group][c], 100);
            BigFraction width = ofQualified ? mass.multiply(p).divide(total) : mass;
            if (width.equals(ZERO)) {
                continue;
            }
            BigFraction part = left.compareTo(width) >= 0 ? ONE : left.divide(width);
            left = left.subtract(part.multiply(width));
            BigFraction loans = mass.multiply(part);
            BigFraction default_ = ONE.subtract(p);
            rate = rate.add(loans);
            positives = positives.add(loans.multiply(p));
            change = change.add(loans.multiply((c < 6 ? p : ZERO).subtract(c > 0 ? default_ : ZERO)));
            profit = profit.add(loans.multiply(p.multiply(interest).subtract(default_)));
        }
        return new Exact(rate, positives.divide(total), change, profit);
    }

    private static SortedSet<BigFraction> breakpoints(int group, boolean ofQualified) {
        SortedSet<BigFraction> all = new TreeSet<>(List.of(ZERO));
        BigFraction total = ZERO;
        for (int c = 0; c < 7; c++) {
            total = total.add(new BigFraction(MASS[group][c] * REPAY[c], 10_000));
        }
        BigFraction sum = ZERO;
        for (int c = 6; c >= 0; c--) {
            BigFraction mass = new BigFraction(MASS[group][c], 100);
            sum = sum.add(
                    ofQualified ? mass.multiply(new BigFraction(REPAY[c], 100)).divide(total) : mass);
            all.add(sum);
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,4", "1,2"})
    void best_allCriteria_equalsEnumerationInFractions(int numerator, int denominator) {
        BigFraction interest = new BigFraction(numerator, denominator);
        for (boolean ofQualified : new boolean[] {false, true}) {
            SortedSet<BigFraction> rates = breakpoints(0, ofQualified);
            rates.addAll(breakpoints(1, ofQualified));
            BigFraction best = ZERO;
            BigFraction most = ZERO;
            for (BigFraction rate : rates) {
                BigFraction profit = at(0, rate, ofQualified, interest)
                        .profit()
                        .add(at(1, rate, ofQualified, interest).profit());
                if (profit.compareTo(most) > 0) {
                    most = profit;
                    best = rate;
                }
            }
            RuleOutcome outcome = outcome(
                    ofQualified ? DecisionCriterion.EQUAL_OPPORTUNITY : DecisionCriterion.DEMOGRAPHIC_PARITY,
                    interest.doubleValue());
            assertSame(outcome, at(0, best, ofQualified, interest), at(1, best, ofQualified, interest));
        }
        Exact[] free = new Exact[2];
        for (int g = 0; g < 2; g++) {
            free[g] = at(g, ZERO, false, interest);
            for (BigFraction rate : breakpoints(g, false)) {
                Exact exact = at(g, rate, false, interest);
                if (exact.profit().compareTo(free[g].profit()) > 0) {
                    free[g] = exact;
                }
            }
        }
        assertSame(outcome(DecisionCriterion.MAXIMUM_UTILITY, interest.doubleValue()), free[0], free[1]);
    }

    private static void assertSame(RuleOutcome outcome, Exact... exact) {
        for (int g = 0; g < 2; g++) {
            assertThat(outcome.acceptanceRate().get(g))
                    .isCloseTo(exact[g].rate().doubleValue(), within(EXACT));
            assertThat(outcome.truePositiveRate().get(g).getAsDouble())
                    .isCloseTo(exact[g].positiveRate().doubleValue(), within(EXACT));
            assertThat(outcome.scoreChange().get(g)).isCloseTo(exact[g].change().doubleValue(), within(EXACT));
        }
        assertThat(outcome.utility())
                .isCloseTo(exact[0].profit().add(exact[1].profit()).doubleValue() / 2, within(EXACT));
    }

    @Test
    void best_randomPopulations_noGridPointIsBetterAndRatesAreEqual() {
        RandomGenerator random = new Seed(7).generator(0);
        for (int trial = 0; trial < 200; trial++) {
            int groups = 1 + random.nextInt(4);
            int clusters = 1 + random.nextInt(8);
            String[] names = new String[groups];
            double[][] mass = new double[groups][];
            for (int g = 0; g < groups; g++) {
                names[g] = "g" + g;
                mass[g] = simplex(clusters, random);
            }
            double[] repay = random.doubles(clusters, 0.01, 1).toArray();
            ClusterPopulation population =
                    ClusterPopulation.of(GroupSpace.of("group", names), simplex(groups, random), mass, repay);
            double interest = 0.2 + 2 * random.nextDouble();
            LendingEnvironment environment = LendingEnvironment.of(population).withInterest(interest);
            RuleOutcome parity = environment.outcome(
                    AcceptanceRule.best(DecisionCriterion.DEMOGRAPHIC_PARITY, population, interest));
            RuleOutcome opportunity =
                    environment.outcome(AcceptanceRule.best(DecisionCriterion.EQUAL_OPPORTUNITY, population, interest));
            for (int g = 1; g < groups; g++) {
                assertThat(parity.acceptanceRate().get(g))
                        .isCloseTo(parity.acceptanceRate().get(0), within(1e-11));
                assertThat(opportunity.truePositiveRate().get(g).getAsDouble())
                        .isCloseTo(opportunity.truePositiveRate().get(0).getAsDouble(), within(1e-11));
            }
            for (int i = 0; i <= 100; i++) {
                double[] rates = new double[groups];
                java.util.Arrays.fill(rates, i / 100.0);
                assertThat(parity.utility())
                        .isGreaterThanOrEqualTo(environment
                                        .outcome(AcceptanceRule.atAcceptanceRates(population, rates))
                                        .utility()
                                - EXACT);
                assertThat(opportunity.utility())
                        .isGreaterThanOrEqualTo(environment
                                        .outcome(AcceptanceRule.atTruePositiveRates(population, rates))
                                        .utility()
                                - EXACT);
            }
        }
    }

    private static double[] simplex(int size, RandomGenerator random) {
        double[] values = random.doubles(size).toArray();
        double sum = 0;
        for (int i = 0; i < size; i++) {
            if (size > 2 && random.nextInt(5) == 0 && i > 0) {
                values[i] = 0;
            }
            sum += values[i];
        }
        for (int i = 0; i < size; i++) {
            values[i] /= sum;
        }
        return values;
    }
}
