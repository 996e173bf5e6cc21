// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;

/**
 * Lending with delayed impact: a loan that is repaid moves people of the applicant's cluster one cluster up, one that is not moves them
 * one down. Rejection moves nobody. So a rule that looks fair at one time can leave a group worse off later.
 *
 * <p>A step is one applicant: a group is drawn by the shares, a cluster by the masses of the group, and whether the loan would be repaid
 * by the cluster. If accepted, the mass {@code shift}, or all that is there if less, moves; at the lowest and the highest cluster it stays. The bank
 * earns the interest or loses the loan. A step draws three numbers whatever the decision.
 *
 * <p>Limit: a model of a mechanism, with parameters that are assumed; it forecasts nobody's credit score.
 *
 * <p>Source: L. T. Liu, S. Dean, E. Rolf, M. Simchowitz, M. Hardt, Delayed impact of fair machine learning, ICML 2018; the sampled form is that of
 * A. D'Amour et al., Fairness is not static: deeper understanding of long term fairness via simulation studies, FAT* 2020.
 *
 * @param population the population at the start
 * @param interest what a loan that is repaid earns, where one that is not loses 1; &gt; 0
 * @param shift the mass of a group that one loan moves, in (0, 1]
 */
public record LendingEnvironment(ClusterPopulation population, double interest, double shift)
        implements SimulationEnvironment<LendingState, Decision> {
    private static final double SHIFT = 0.01;

    /** Checks the parameters. */
    public LendingEnvironment {
        Checks.positive("interest", interest);
        Checks.positive("shift", shift);
        Checks.share("shift", shift);
    }

    /**
     * Lending at interest 1, where a loan moves one hundredth of a group.
     *
     * @param population the population at the start
     * @return the environment
     */
    public static LendingEnvironment of(ClusterPopulation population) {
        return new LendingEnvironment(population, 1, SHIFT);
    }

    /**
     * The same with another interest.
     *
     * @param changed what a loan that is repaid earns; &gt; 0
     * @return the environment
     */
    public LendingEnvironment withInterest(double changed) {
        return new LendingEnvironment(population, changed, shift);
    }

    /**
     * The same with another shift.
     *
     * @param changed the mass that one loan moves, in (0, 1]
     * @return the environment
     */
    public LendingEnvironment withShift(double changed) {
        return new LendingEnvironment(population, interest, changed);
    }

    @Override
    public LendingState start(RandomGenerator random) {
        return applicant(LendingPopulation.start(population), random);
    }

    @Override
    public Step<LendingState> step(LendingState state, Decision action, RandomGenerator random) {
        LendingPopulation before = state.population();
        int group = state.group();
        int cluster = state.cluster();
        int clusters = before.clusters;
        boolean repays = random.nextDouble() < population.qualified(cluster);
        boolean accepted = action == Decision.ACCEPT;
        double[] values = before.values.clone();
        Tally.count(values, before.tally(group), accepted, repays);
        double reward = 0;
        if (accepted) {
            reward = repays ? interest : -1;
            values[values.length - 1] += reward;
            int to = repays ? Math.min(cluster + 1, clusters - 1) : Math.max(cluster - 1, 0);
            int at = group * clusters;
            double moved = Math.min(shift, values[at + cluster]);
            values[at + cluster] -= moved;
            values[at + to] += moved;
        }
        return new Step<>(applicant(new LendingPopulation(before.groups, clusters, values), random), reward);
    }

    private LendingState applicant(LendingPopulation now, RandomGenerator random) {
        int group = population.drawGroup(random);
        int cluster = ClusterPopulation.pick(now.values, group * now.clusters, now.clusters, random.nextDouble());
        return new LendingState(now, group, cluster);
    }

    /**
     * What a rule does to the population at the start when everybody applies once.
     *
     * @param rule the rule
     * @return the exact expectation
     */
    public RuleOutcome outcome(AcceptanceRule rule) {
        rule.requireShape(population);
        List<Double> rates = new ArrayList<>();
        List<OptionalDouble> positiveRates = new ArrayList<>();
        List<Double> changes = new ArrayList<>();
        double utility = 0;
        int last = population.clusters() - 1;
        for (int g = 0; g < population.groups(); g++) {
            double accepted = 0;
            double qualified = 0;
            double positives = 0;
            double change = 0;
            double profit = 0;
            for (int c = 0; c <= last; c++) {
                double p = population.qualified(c);
                double mass = population.mass(g, c);
                double loans = mass * rule.accept(g, c);
                accepted += loans;
                qualified += mass * p;
                positives += loans * p;
                change += loans * ((c < last ? p : 0) - (c > 0 ? 1 - p : 0));
                profit += loans * AcceptanceRule.profit(p, interest);
            }
            rates.add(accepted);
            positiveRates.add(SimulationMetric.ratio(positives, qualified));
            changes.add(change);
            utility += population.share(g) * profit;
        }
        return new RuleOutcome(rates, positiveRates, changes, utility);
    }

    /**
     * The best rule for a population that has moved.
     *
     * @param criterion what the rule aims at
     * @param now the population
     * @return the rule
     */
    public AcceptanceRule best(DecisionCriterion criterion, LendingPopulation now) {
        return AcceptanceRule.best(criterion, population, now.values, interest);
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@code acceptance_rate}, {@code true_positive_rate} and {@code mean_score}, each by group and as gap, and {@code utility}, the sum of the
     * rewards.
     */
    @Override
    public List<SimulationMetric<LendingState>> metrics() {
        List<SimulationMetric<LendingState>> all = new ArrayList<>();
        all.addAll(SimulationMetric.byGroup(
                "acceptance_rate",
                "1",
                population.space(),
                (s, g) -> s.population().acceptanceRate(g)));
        all.addAll(SimulationMetric.byGroup(
                "true_positive_rate",
                "1",
                population.space(),
                (s, g) -> s.population().truePositiveRate(g)));
        all.addAll(SimulationMetric.byGroup(
                "mean_score",
                "clusters",
                population.space(),
                (s, g) -> OptionalDouble.of(s.population().meanScore(g))));
        all.add(SimulationMetric.of(
                "utility", "loans", s -> OptionalDouble.of(s.population().utility())));
        return List.copyOf(all);
    }
}
