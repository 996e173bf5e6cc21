// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.simulation.SimulationEnvironment.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/**
 * Several independent runs of policies in one environment.
 *
 * <p>Run {@code r} of every policy has the same randomness of the environment: runs are paired, and the difference of two policies is taken pair by
 * pair. Environment and agent have separate streams. The result depends on the seed alone, not on the number of threads.
 *
 * @param environment the environment
 * @param steps decisions in a run; &gt;= 1
 * @param runs number of runs; &gt;= 1, at least 2 for intervals
 * @param points at how many times, evenly spread, the last one at the end, the state is measured; in [1, {@code steps}]
 * @param confidence of the intervals, in (0, 1)
 * @param seed the seed
 * @param <S> the state
 * @param <A> the action
 */
public record Simulation<S, A>(
        SimulationEnvironment<S, A> environment, int steps, int runs, int points, double confidence, Seed seed) {
    private static final int POINTS = 50;
    private static final double CONFIDENCE = 0.95;
    private static final int CHECK_EVERY = 4096;

    /** Checks the parameters. */
    public Simulation {
        Checks.atLeast("steps", 1, steps);
        Checks.atLeast("runs", 1, runs);
        Checks.atLeast("points", 1, points);
        if (points > steps) {
            throw new IllegalArgumentException("points must be at most steps, " + steps + ", was " + points);
        }
        Checks.confidence(confidence);
    }

    /**
     * Runs measured at up to 50 times, with intervals of 95 %.
     *
     * @param environment the environment
     * @param steps decisions in a run; &gt;= 1
     * @param runs number of runs; &gt;= 1
     * @param seed the seed
     * @param <S> the state
     * @param <A> the action
     * @return the simulation
     */
    public static <S, A> Simulation<S, A> of(SimulationEnvironment<S, A> environment, int steps, int runs, Seed seed) {
        Checks.atLeast("steps", 1, steps);
        return new Simulation<>(environment, steps, runs, Math.min(POINTS, steps), CONFIDENCE, seed);
    }

    /**
     * The same, measured at other times.
     *
     * @param changed how many times; in [1, {@code steps}]
     * @return the simulation
     */
    public Simulation<S, A> withPoints(int changed) {
        return new Simulation<>(environment, steps, runs, changed, confidence, seed);
    }

    /**
     * The same with another confidence.
     *
     * @param changed of the intervals, in (0, 1)
     * @return the simulation
     */
    public Simulation<S, A> withConfidence(double changed) {
        return new Simulation<>(environment, steps, runs, points, changed, seed);
    }

    /**
     * The step after which a point is measured.
     *
     * @param point number of the point, in [0, {@code points})
     * @return in [1, {@code steps}]
     */
    public int stepOf(int point) {
        return (int) ((point + 1L) * steps / points);
    }

    /**
     * Runs a policy on the calling thread.
     *
     * @param policy the policy
     * @return the measures over time
     */
    public SimulationResult<S, A> run(SimulationPolicy<S, A> policy) {
        return run(policy, Progress.NONE);
    }

    /**
     * Runs a policy on the calling thread.
     *
     * @param policy the policy
     * @param progress told after each run
     * @return the measures over time
     * @throws CancellationException if the thread is interrupted
     */
    public SimulationResult<S, A> run(SimulationPolicy<S, A> policy, Progress progress) {
        List<SimulationMetric<S>> metrics = environment.metrics();
        double[][][] values = new double[runs][][];
        for (int r = 0; r < runs; r++) {
            values[r] = one(policy, metrics, r);
            progress.update(r + 1L, runs);
        }
        return new SimulationResult<>(this, policy, metrics, values);
    }

    /**
     * Runs a policy on the caller's threads, a run each. The answer is that of {@link #run(SimulationPolicy, Progress)}.
     *
     * @param policy the policy
     * @param executor the threads; it is not shut down
     * @param progress told on the calling thread as runs end
     * @return the measures over time
     * @throws CancellationException if the calling thread is interrupted; the runs are cancelled too
     */
    public SimulationResult<S, A> run(SimulationPolicy<S, A> policy, ExecutorService executor, Progress progress) {
        List<SimulationMetric<S>> metrics = environment.metrics();
        double[][][] values = new double[runs][][];
        List<Future<double[][]>> futures = new ArrayList<>();
        try {
            for (int r = 0; r < runs; r++) {
                int run = r;
                futures.add(executor.submit(() -> one(policy, metrics, run)));
            }
            for (int r = 0; r < runs; r++) {
                values[r] = futures.get(r).get();
                progress.update(r + 1L, runs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
        return new SimulationResult<>(this, policy, metrics, values);
    }

    private static CancellationException cancelled(InterruptedException cause) {
        CancellationException e = new CancellationException("interrupted");
        e.initCause(cause);
        return e;
    }

    /** The measures of one run, point by point; NaN, which stays in the package, where a measure is undefined. */
    private double[][] one(SimulationPolicy<S, A> policy, List<SimulationMetric<S>> metrics, int run) {
        RandomGenerator world = seed.derive("environment").generator(run);
        RandomGenerator mind = seed.derive("agent").generator(run);
        Agent<S, A> agent = policy.agent();
        double[][] values = new double[points][];
        S state = environment.start(world);
        int done = 0;
        for (int p = 0; p < points; p++) {
            int end = stepOf(p);
            while (done < end) {
                Progress.checkInterrupted();
                int until = Math.min(end, done + CHECK_EVERY);
                state = advance(agent, state, until - done, world, mind);
                done = until;
            }
            values[p] = new double[metrics.size()];
            for (int m = 0; m < values[p].length; m++) {
                values[p][m] = measure(metrics.get(m), state);
            }
        }
        return values;
    }

    private static <S> double measure(SimulationMetric<S> metric, S state) {
        OptionalDouble value = metric.value().apply(state);
        if (value.isPresent() && !Double.isFinite(value.getAsDouble())) {
            throw new IllegalStateException(metric.name() + " must be finite or empty, was " + value.getAsDouble());
        }
        return value.orElse(Double.NaN);
    }

    private S advance(Agent<S, A> agent, S from, int count, RandomGenerator world, RandomGenerator mind) {
        S state = from;
        for (int i = 0; i < count; i++) {
            A action = agent.act(state, mind);
            Step<S> step = environment.step(state, action, world);
            agent.learn(state, action, step.reward(), step.state());
            state = step.state();
        }
        return state;
    }
}
