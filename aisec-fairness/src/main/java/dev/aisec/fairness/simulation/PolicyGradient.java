// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.simulation.SimulationEnvironment.Step;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Policy gradient by the REINFORCE rule: a softmax table that is moved, after each episode, along an unbiased estimate of the gradient of the
 * discounted reward of the episode. The mean return of a state in earlier episodes is subtracted, which changes the variance only.
 *
 * <p>It finds a stationary point of the reward of an episode, not always the best one, and needs many episodes.
 *
 * <p>Source: R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, Machine Learning 8, 1992, theorem 1;
 * R. S. Sutton, A. G. Barto, Reinforcement Learning, MIT Press, 2nd ed. 2018, section 13.4.
 *
 * @param actions the actions; at least one
 * @param index what states it tells apart
 * @param discount weight of the next step, in [0, 1]
 * @param rate step size; &gt; 0
 * @param horizon decisions in an episode; &gt;= 1
 * @param <S> the state
 * @param <A> the action
 */
public record PolicyGradient<S, A>(List<A> actions, StateIndex<S> index, double discount, double rate, int horizon) {
    private static final double DISCOUNT = 0.9;
    private static final double RATE = 0.1;
    private static final int HORIZON = 50;

    /** Copies and checks. */
    public PolicyGradient {
        actions = Checks.actions(actions);
        Checks.share("discount", discount);
        Checks.positive("rate", rate);
        Checks.atLeast("horizon", 1, horizon);
    }

    /**
     * A learner with discount 0.9, rate 0.1 and 50 decisions in an episode.
     *
     * @param actions the actions; at least one
     * @param index what states it tells apart
     * @param <S> the state
     * @param <A> the action
     * @return the learner
     */
    public static <S, A> PolicyGradient<S, A> of(List<A> actions, StateIndex<S> index) {
        return new PolicyGradient<>(actions, index, DISCOUNT, RATE, HORIZON);
    }

    /**
     * Learns.
     *
     * @param environment the environment; each episode starts anew
     * @param episodes how many episodes to learn from; &gt;= 1
     * @param seed the seed
     * @param progress told after each episode
     * @return the policy learnt; it draws lots
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public TabularPolicy<S, A> train(
            SimulationEnvironment<S, A> environment, int episodes, Seed seed, Progress progress) {
        Checks.atLeast("episodes", 1, episodes);
        Seed worlds = seed.derive("environment");
        Seed minds = seed.derive("agent");
        int size = index.size();
        double[][] weights = new double[size][actions.size()];
        double[] baseline = new double[size];
        long[] visits = new long[size];
        int[] states = new int[horizon];
        int[] taken = new int[horizon];
        double[] rewards = new double[horizon];
        double[] returns = new double[horizon];
        double[][] policy = new double[size][actions.size()];
        for (int e = 0; e < episodes; e++) {
            Progress.checkInterrupted();
            RandomGenerator world = worlds.generator(e);
            RandomGenerator mind = minds.generator(e);
            for (int s = 0; s < size; s++) {
                softmax(weights[s], policy[s]);
            }
            S state = environment.start(world);
            for (int t = 0; t < horizon; t++) {
                states[t] = index.of(state);
                taken[t] = ClusterPopulation.pick(policy[states[t]], 0, actions.size(), mind.nextDouble());
                Step<S> step = environment.step(state, actions.get(taken[t]), world);
                rewards[t] = step.reward();
                state = step.state();
            }
            // The baseline is that of earlier episodes: one that knew this episode's returns would bias the gradient.
            double back = 0;
            for (int t = horizon - 1; t >= 0; t--) {
                back = rewards[t] + discount * back;
                returns[t] = back;
                int s = states[t];
                double move = rate * Math.pow(discount, t) * (back - baseline[s]);
                for (int a = 0; a < weights[s].length; a++) {
                    weights[s][a] += move * ((a == taken[t] ? 1 : 0) - policy[s][a]);
                }
            }
            for (int t = 0; t < horizon; t++) {
                baseline[states[t]] += (returns[t] - baseline[states[t]]) / ++visits[states[t]];
            }
            progress.update(e + 1L, episodes);
        }
        for (int s = 0; s < size; s++) {
            softmax(weights[s], policy[s]);
        }
        return new TabularPolicy<>(actions, index, policy);
    }

    private static void softmax(double[] weights, double[] out) {
        double most = Double.NEGATIVE_INFINITY;
        for (double weight : weights) {
            most = Math.max(most, weight);
        }
        double sum = 0;
        for (int a = 0; a < out.length; a++) {
            out[a] = Math.exp(weights[a] - most);
            sum += out[a];
        }
        for (int a = 0; a < out.length; a++) {
            out[a] /= sum;
        }
    }
}
