// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.random.RandomGenerator;

/**
 * Decides on loans by the best rule under a criterion, made anew as the population moves. It sees the true population and how likely each
 * cluster repays: an oracle.
 *
 * @param environment the environment
 * @param criterion what the rule aims at
 * @param every after how many decisions the rule is made anew; &gt;= 1
 */
public record AdaptiveThreshold(LendingEnvironment environment, DecisionCriterion criterion, int every)
        implements SimulationPolicy<LendingState, Decision> {
    /** Checks the parameters. */
    public AdaptiveThreshold {
        Checks.atLeast("every", 1, every);
    }

    /**
     * A rule that follows each decision.
     *
     * @param environment the environment
     * @param criterion what the rule aims at
     * @return the policy
     */
    public static AdaptiveThreshold of(LendingEnvironment environment, DecisionCriterion criterion) {
        return new AdaptiveThreshold(environment, criterion, 1);
    }

    @Override
    public Agent<LendingState, Decision> agent() {
        return new Agent<>() {
            private double[] accept = new double[0];
            private int left;

            @Override
            public Decision act(LendingState state, RandomGenerator random) {
                if (left == 0) {
                    accept = environment.best(criterion, state.population()).accept;
                    left = every;
                }
                left--;
                int at = state.group() * environment.population().clusters() + state.cluster();
                return random.nextDouble() < accept[at] ? Decision.ACCEPT : Decision.REJECT;
            }
        };
    }
}
