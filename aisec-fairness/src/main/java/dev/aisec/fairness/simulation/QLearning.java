// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.simulation.SimulationEnvironment.Step;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Tabular Q-learning with an epsilon-greedy behaviour: a decision maker that learns, from rewards alone, what pays in the long run.
 *
 * <p>After visit {@code n} of a pair the value moves by {@code n^-exponent} towards reward plus discounted best value of what follows. If the
 * states that the index tells apart form a finite Markov decision process and epsilon &gt; 0 visits every pair without end, the values converge to the optimum with
 * probability 1. Where the index hides part of the state, as the population of a lending environment, there is no such guarantee. As a
 * policy in a {@link Simulation} it learns afresh in each run; {@link #train} gives a policy that has learnt.
 *
 * <p>Source: C. J. C. H. Watkins, P. Dayan, Q-learning, Machine Learning 8, 1992, theorem 1; the step size is the polynomial one of E. Even-Dar, Y.
 * Mansour, Learning rates for Q-learning, JMLR 5, 2003, theorem 4.
 *
 * @param actions the actions; at least one
 * @param index what states it tells apart
 * @param discount weight of the next step's value, in [0, 1)
 * @param epsilon share of random actions while it learns, in [0, 1]
 * @param exponent of the step size, in (0.5, 1]
 * @param <S> the state
 * @param <A> the action
 */
public record QLearning<S, A>(List<A> actions, StateIndex<S> index, double discount, double epsilon, double exponent)
        implements SimulationPolicy<S, A> {
    private static final double DISCOUNT = 0.9;
    private static final double EPSILON = 0.1;
    private static final double EXPONENT = 0.6;
    private static final int CHECK_EVERY = 4096;

    /** Copies and checks. */
    public QLearning {
        actions = Checks.actions(actions);
        if (!(discount >= 0 && discount < 1)) {
            throw new IllegalArgumentException("discount must be in [0, 1), was " + discount);
        }
        Checks.share("epsilon", epsilon);
        if (!(exponent > 0.5 && exponent <= 1)) {
            throw new IllegalArgumentException("exponent must be in (0.5, 1], was " + exponent);
        }
    }

    /**
     * A learner with discount 0.9, epsilon 0.1 and exponent 0.6.
     *
     * @param actions the actions; at least one
     * @param index what states it tells apart
     * @param <S> the state
     * @param <A> the action
     * @return the policy
     */
    public static <S, A> QLearning<S, A> of(List<A> actions, StateIndex<S> index) {
        return new QLearning<>(actions, index, DISCOUNT, EPSILON, EXPONENT);
    }

    /**
     * The same with another discount; 0 makes it a bandit.
     *
     * @param changed weight of the next step's value, in [0, 1)
     * @return the policy
     */
    public QLearning<S, A> withDiscount(double changed) {
        return new QLearning<>(actions, index, changed, epsilon, exponent);
    }

    /**
     * The same with another share of random actions.
     *
     * @param changed in [0, 1]
     * @return the policy
     */
    public QLearning<S, A> withEpsilon(double changed) {
        return new QLearning<>(actions, index, discount, changed, exponent);
    }

    @Override
    public Agent<S, A> agent() {
        return new Learner<>(this);
    }

    /**
     * Learns in one run and then stops learning.
     *
     * @param environment the environment
     * @param steps how many decisions to learn from; &gt;= 1
     * @param seed the seed
     * @param progress told now and then
     * @return the policy that takes the best action by the values learnt
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public TabularPolicy<S, A> train(SimulationEnvironment<S, A> environment, int steps, Seed seed, Progress progress) {
        Checks.atLeast("steps", 1, steps);
        RandomGenerator world = seed.derive("environment").generator(0);
        RandomGenerator mind = seed.derive("agent").generator(0);
        Learner<S, A> learner = new Learner<>(this);
        S state = environment.start(world);
        for (int i = 0; i < steps; i++) {
            if (i % CHECK_EVERY == 0) {
                Progress.checkInterrupted();
                progress.update(i, steps);
            }
            A action = learner.act(state, mind);
            Step<S> step = environment.step(state, action, world);
            learner.learn(state, action, step.reward(), step.state());
            state = step.state();
        }
        progress.update(steps, steps);
        double[][] greedy = new double[index.size()][actions.size()];
        for (int s = 0; s < greedy.length; s++) {
            greedy[s][learner.best(s)] = 1;
        }
        return new TabularPolicy<>(actions, index, greedy);
    }

    private static final class Learner<S, A> implements Agent<S, A> {
        private final QLearning<S, A> rule;
        private final double[][] value;
        private final long[][] visits;

        Learner(QLearning<S, A> rule) {
            this.rule = rule;
            value = new double[rule.index.size()][rule.actions.size()];
            visits = new long[rule.index.size()][rule.actions.size()];
        }

        int best(int state) {
            double[] row = value[state];
            int best = 0;
            for (int a = 1; a < row.length; a++) {
                if (row[a] > row[best]) {
                    best = a;
                }
            }
            return best;
        }

        @Override
        public A act(S state, RandomGenerator random) {
            boolean tries = random.nextDouble() < rule.epsilon;
            int any = random.nextInt(rule.actions.size());
            return rule.actions.get(tries ? any : best(rule.index.of(state)));
        }

        @Override
        public void learn(S state, A action, double reward, S next) {
            int s = rule.index.of(state);
            int a = rule.actions.indexOf(action);
            if (a < 0) {
                throw new IllegalArgumentException("action must be one of " + rule.actions + ", was " + action);
            }
            int n = rule.index.of(next);
            double target = reward + rule.discount * value[n][best(n)];
            double step = Math.pow(++visits[s][a], -rule.exponent);
            value[s][a] += step * (target - value[s][a]);
        }
    }
}
