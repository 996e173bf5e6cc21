// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.random.RandomGenerator;

/**
 * Allocates attention by rates that it learns from what it discovers.
 *
 * <p>Counts are censored: with {@code v} units nobody sees more than {@code v} incidents. The estimate of a rate is the one at which the expected
 * discoveries, given the units of each round, are those seen. It is consistent for constant Poisson rates and any allocation that gives the group units
 * again and again. One round with one unit and half a discovery is added, so that it always exists. Rates that react are followed only
 * slowly: all rounds count the same. Exploring rounds give each unit to a group drawn at random.
 *
 * <p>Source: H. Elzayn et al., Fair algorithms for learning in allocation problems, FAT* 2019, section 4 (learning from censored feedback); the estimate by
 * moments is used in place of maximum likelihood since it needs sums only.
 *
 * @param units how many units there are in a round; in [0, 10000]
 * @param alpha the most that discovery probabilities may differ by the estimates, in [0, 1]; 1 for the most discoveries
 * @param epsilon the share of exploring rounds, in [0, 1]
 * @param every after how many rounds the plan is made anew; &gt;= 1
 */
public record LearnedAllocation(int units, double alpha, double epsilon, int every)
        implements SimulationPolicy<AttentionState, Allocation> {
    private static final double EPSILON = 0.1;
    private static final int EVERY = 10;
    private static final int HALVINGS = 50;

    /** Checks the parameters. */
    public LearnedAllocation {
        AttentionEnvironment.requireUnits(units);
        Checks.share("alpha", alpha);
        Checks.share("epsilon", epsilon);
        Checks.atLeast("every", 1, every);
    }

    /**
     * A learner that explores in a tenth of the rounds and plans every tenth round.
     *
     * @param units how many units there are in a round
     * @param alpha the most that discovery probabilities may differ, in [0, 1]
     * @return the policy
     */
    public static LearnedAllocation of(int units, double alpha) {
        return new LearnedAllocation(units, alpha, EPSILON, EVERY);
    }

    @Override
    public Agent<AttentionState, Allocation> agent() {
        return new Learner(this);
    }

    /** The rate at which rounds with these units are expected to discover this much. */
    static double estimate(double[] roundsByUnits, double discovered) {
        double low = 0;
        double high = AttentionEnvironment.MOST_RATE;
        for (int i = 0; i < HALVINGS; i++) {
            double rate = (low + high) / 2;
            double[] found = AllocationPlanner.discoveries(rate, roundsByUnits.length - 1);
            double expected = 0;
            for (int v = 1; v < found.length; v++) {
                expected += roundsByUnits[v] * found[v];
            }
            if (expected < discovered) {
                low = rate;
            } else {
                high = rate;
            }
        }
        return (low + high) / 2;
    }

    private static final class Learner implements Agent<AttentionState, Allocation> {
        private final LearnedAllocation rule;
        private double[][] rounds = new double[0][];
        private double[] discovered = new double[0];
        private Allocation plan = Allocation.of(0);
        private int left;

        Learner(LearnedAllocation rule) {
            this.rule = rule;
        }

        @Override
        public Allocation act(AttentionState state, RandomGenerator random) {
            int groups = state.groups();
            if (rounds.length == 0) {
                rounds = new double[groups][Math.max(rule.units, 1) + 1];
                discovered = new double[groups];
                for (int g = 0; g < groups; g++) {
                    rounds[g][1] = 1;
                    discovered[g] = 0.5;
                }
            }
            int[] any = new int[groups];
            boolean explores = random.nextDouble() < rule.epsilon;
            if (explores) {
                for (int u = 0; u < rule.units; u++) {
                    any[random.nextInt(groups)]++;
                }
            }
            if (left == 0) {
                double[] rates = new double[groups];
                for (int g = 0; g < groups; g++) {
                    rates[g] = estimate(rounds[g], discovered[g]);
                }
                plan = Allocation.best(rates, rule.units, rule.alpha);
                left = rule.every;
            }
            left--;
            return explores ? Allocation.of(any) : plan;
        }

        @Override
        public void learn(AttentionState state, Allocation action, double reward, AttentionState next) {
            for (int g = 0; g < discovered.length; g++) {
                rounds[g][action.units(g)]++;
                discovered[g] += next.lastDiscovered(g);
            }
        }
    }
}
