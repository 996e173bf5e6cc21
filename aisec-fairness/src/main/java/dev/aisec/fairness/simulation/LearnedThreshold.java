// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.random.RandomGenerator;

/**
 * Learns how likely each group and cluster is qualified from the labels it sees, those of the people it accepted, and accepts whoever gives no
 * loss by that estimate: {@code (qualified + weight · prior) / (seen + weight)}, the mean of a beta distribution.
 *
 * <p>It does not explore. A cell that once looks bad is never seen again, so the estimate stays wrong: the feedback loop of selective labels. If the
 * prior itself means a loss, nobody is ever accepted. Wrap it in {@link EpsilonGreedy} to explore. It takes a reward &gt; 0 for an
 * accepted applicant as the label "qualified".
 *
 * @param groups number of groups; &gt;= 1
 * @param clusters number of clusters; &gt;= 1
 * @param interest what a qualified applicant earns, where an unqualified one loses 1; &gt; 0
 * @param prior how likely a cell is thought to be qualified before it is seen, in [0, 1]
 * @param weight how many labels the prior is worth; &gt; 0
 * @param <S> the state
 */
public record LearnedThreshold<S extends ApplicantState>(
        int groups, int clusters, double interest, double prior, double weight)
        implements SimulationPolicy<S, Decision> {
    /** Checks the parameters. */
    public LearnedThreshold {
        Checks.atLeast("groups", 1, groups);
        Checks.atLeast("clusters", 1, clusters);
        Checks.positive("interest", interest);
        Checks.share("prior", prior);
        Checks.positive("weight", weight);
    }

    /**
     * A learner that starts from Laplace's rule of succession: prior 1/2, worth two labels.
     *
     * @param population whose groups and clusters there are; nothing else of it is used
     * @param interest what a qualified applicant earns
     * @param <S> the state
     * @return the policy
     */
    public static <S extends ApplicantState> LearnedThreshold<S> of(ClusterPopulation population, double interest) {
        return new LearnedThreshold<>(population.groups(), population.clusters(), interest, 0.5, 2);
    }

    @Override
    public Agent<S, Decision> agent() {
        return new Agent<>() {
            private final double[] seen = new double[groups * clusters];
            private final double[] qualified = new double[groups * clusters];

            @Override
            public Decision act(S state, RandomGenerator random) {
                int cell = state.group() * clusters + state.cluster();
                double estimate = (qualified[cell] + weight * prior) / (seen[cell] + weight);
                return AcceptanceRule.profit(estimate, interest) >= 0 ? Decision.ACCEPT : Decision.REJECT;
            }

            @Override
            public void learn(S state, Decision action, double reward, S next) {
                if (action == Decision.ACCEPT) {
                    int cell = state.group() * clusters + state.cluster();
                    seen[cell]++;
                    if (reward > 0) {
                        qualified[cell]++;
                    }
                }
            }
        };
    }
}
