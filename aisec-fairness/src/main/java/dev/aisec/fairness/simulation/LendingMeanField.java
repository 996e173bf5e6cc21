// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Progress;
import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * Lending in expectation: no draws, the same answer always. The oracle that sampled runs are held against.
 *
 * <p>A step is the expected step of {@link LendingEnvironment}: of group {@code g}, the mass {@code share(g) · mass(g, c) · accept(g, c) · shift} of
 * cluster {@code c} moves, up with the probability of repayment. If the masses at the start are multiples of the shift, and the rule is fixed,
 * the sampled masses never fall below the shift unless they are 0, so that the sampled step is linear in the masses, and this is exactly the mean
 * over all sampled runs at every time. Otherwise, and for a rule that is made anew, the two differ by a term that vanishes with the shift (T. G. Kurtz, Solutions of ordinary differential
 * equations as limits of pure jump Markov processes, Journal of Applied Probability, 1970, theorem 3.1).
 *
 * @param environment the environment
 */
public record LendingMeanField(LendingEnvironment environment) {
    /**
     * The population at the start.
     *
     * @return the population
     */
    public LendingPopulation start() {
        return LendingPopulation.start(environment.population());
    }

    /**
     * One expected applicant.
     *
     * @param before the population
     * @param rule the rule that decides
     * @return the expected population after
     */
    public LendingPopulation step(LendingPopulation before, AcceptanceRule rule) {
        ClusterPopulation population = environment.population();
        rule.requireShape(population);
        int clusters = before.clusters;
        double[] values = before.values.clone();
        for (int g = 0; g < before.groups; g++) {
            int at = g * clusters;
            int tally = before.tally(g);
            double share = population.share(g);
            for (int c = 0; c < clusters; c++) {
                double p = population.qualified(c);
                double applicants = share * before.values[at + c];
                double loans = applicants * rule.accept[at + c];
                values[tally + Tally.APPLICANTS] += applicants;
                values[tally + Tally.ACCEPTED] += loans;
                values[tally + Tally.QUALIFIED] += applicants * p;
                values[tally + Tally.QUALIFIED_ACCEPTED] += loans * p;
                values[values.length - 1] += loans * AcceptanceRule.profit(p, environment.interest());
                double moved = loans * environment.shift();
                values[at + c] -= moved;
                values[at + Math.min(c + 1, clusters - 1)] += moved * p;
                values[at + Math.max(c - 1, 0)] += moved * (1 - p);
            }
        }
        return new LendingPopulation(before.groups, clusters, values);
    }

    /**
     * A run under a fixed rule.
     *
     * @param rule the rule
     * @param steps number of applicants; &gt;= 1
     * @return the populations after 0, 1, …, {@code steps} applicants
     */
    public List<LendingPopulation> run(AcceptanceRule rule, int steps) {
        Checks.atLeast("steps", 1, steps);
        List<LendingPopulation> all = new ArrayList<>();
        all.add(start());
        for (int t = 0; t < steps; t++) {
            Progress.checkInterrupted();
            all.add(step(all.get(t), rule));
        }
        return List.copyOf(all);
    }

    /**
     * A run under the best rule, made anew before each step.
     *
     * @param criterion what the rule aims at
     * @param steps number of applicants; &gt;= 1
     * @return the populations after 0, 1, …, {@code steps} applicants
     */
    public List<LendingPopulation> run(DecisionCriterion criterion, int steps) {
        Checks.atLeast("steps", 1, steps);
        List<LendingPopulation> all = new ArrayList<>();
        all.add(start());
        for (int t = 0; t < steps; t++) {
            Progress.checkInterrupted();
            LendingPopulation now = all.get(t);
            all.add(step(now, environment.best(criterion, now)));
        }
        return List.copyOf(all);
    }
}
