// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Follows another policy, and now and then tries any action. With selective labels this is what keeps a learner from never seeing
 * the people it once rejected (R. S. Sutton, A. G. Barto, Reinforcement Learning, MIT Press, 2nd ed. 2018, section 2.2).
 *
 * @param policy the policy to follow; it learns from the tries too
 * @param actions the actions to try, each with the same probability; at least one
 * @param epsilon the share of tries, in [0, 1]
 * @param <S> the state
 * @param <A> the action
 */
public record EpsilonGreedy<S, A>(SimulationPolicy<S, A> policy, List<A> actions, double epsilon)
        implements SimulationPolicy<S, A> {
    /** Copies and checks. */
    public EpsilonGreedy {
        actions = Checks.actions(actions);
        Checks.share("epsilon", epsilon);
    }

    @Override
    public Agent<S, A> agent() {
        Agent<S, A> greedy = policy.agent();
        return new Agent<>() {
            @Override
            public A act(S state, RandomGenerator random) {
                // The draws are the same in both cases, so that paired runs stay together.
                boolean tries = random.nextDouble() < epsilon;
                A any = actions.get(random.nextInt(actions.size()));
                A best = greedy.act(state, random);
                return tries ? any : best;
            }

            @Override
            public void learn(S state, A action, double reward, S next) {
                greedy.learn(state, action, reward, next);
            }
        };
    }
}
