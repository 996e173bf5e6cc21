// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The measures of a policy over time, with bands. A band is a Student interval over the runs, at each time by itself: at one time it covers
 * the mean of all runs with the confidence asked for, and over all times together with less. It assumes that the mean over the runs is about
 * normal, which about 20 runs give for measures without heavy tails. Runs that all agree give a band without width.
 *
 * @param <S> the state
 * @param <A> the action
 */
public final class SimulationResult<S, A> implements EvidenceSource {
    private final Simulation<S, A> simulation;
    private final SimulationPolicy<S, A> policy;
    private final List<SimulationMetric<S>> metrics;
    /** By run, point, metric. */
    private final double[][][] values;

    SimulationResult(
            Simulation<S, A> simulation,
            SimulationPolicy<S, A> policy,
            List<SimulationMetric<S>> metrics,
            double[][][] values) {
        this.simulation = simulation;
        this.policy = policy;
        this.metrics = metrics;
        this.values = values;
    }

    /**
     * Returns the simulation.
     *
     * @return as it was run
     */
    public Simulation<S, A> simulation() {
        return simulation;
    }

    /**
     * Returns the policy.
     *
     * @return as it was run
     */
    public SimulationPolicy<S, A> policy() {
        return policy;
    }

    /**
     * The measures over time.
     *
     * @return a curve for each measure, in the order of the environment; x is the number of steps
     */
    public List<Measurement.Curve> curves() {
        List<Measurement.Curve> curves = new ArrayList<>();
        for (int m = 0; m < metrics.size(); m++) {
            curves.add(curve(m, this::at, new TreeMap<>(metrics.get(m).labels()), simulation.confidence()));
        }
        return curves;
    }

    /**
     * A measure at the end.
     *
     * @param name name of the measure, for example {@code utility}
     * @param group the group, as {@code GroupSpace.name} gives it; empty for a measure without group
     * @return the mean over the runs
     */
    public Estimate last(String name, String group) {
        for (int m = 0; m < metrics.size(); m++) {
            SimulationMetric<S> metric = metrics.get(m);
            if (metric.name().equals(name)
                    && metric.labels().getOrDefault("group", "").equals(group)) {
                return RunStatistics.mean(at(m, simulation.points() - 1), simulation.confidence());
            }
        }
        throw new IllegalArgumentException(
                "name must be a measure of the environment, was " + name + (group.isEmpty() ? "" : " of " + group));
    }

    /**
     * Compares with another policy, pair by pair.
     *
     * @param other the result of the other policy in the same simulation
     * @return this minus the other
     */
    public PairedComparison minus(SimulationResult<S, A> other) {
        if (!simulation.equals(other.simulation)) {
            throw new IllegalArgumentException(
                    "both results must be of the same simulation, were of " + simulation + " and " + other.simulation);
        }
        Points differences = (m, p) -> {
            double[] mine = at(m, p);
            double[] theirs = other.at(m, p);
            for (int r = 0; r < mine.length; r++) {
                mine[r] -= theirs[r];
            }
            return mine;
        };
        List<Measurement.Curve> curves = new ArrayList<>();
        List<PairedComparison.Difference> ends = new ArrayList<>();
        // Bonferroni: all the differences at the end hold together.
        double together = 1 - (1 - simulation.confidence()) / metrics.size();
        for (int m = 0; m < metrics.size(); m++) {
            SimulationMetric<S> metric = metrics.get(m);
            curves.add(curve(m, differences, new TreeMap<>(metric.labels()), simulation.confidence()));
            ends.add(new PairedComparison.Difference(
                    metric.name(),
                    metric.unit(),
                    metric.labels(),
                    RunStatistics.mean(differences.at(m, simulation.points() - 1), together)));
        }
        SortedMap<String, String> parameters = parameters(false);
        parameters.put("policy", policy.toString());
        parameters.put("other-policy", other.policy.toString());
        return new PairedComparison(
                policy + " minus " + other.policy, parameters, simulation.confidence(), curves, ends);
    }

    private interface Points {
        double[] at(int metric, int point);
    }

    private double[] at(int metric, int point) {
        double[] runs = new double[values.length];
        for (int r = 0; r < runs.length; r++) {
            runs[r] = values[r][point][metric];
        }
        return runs;
    }

    private Measurement.Curve curve(int metric, Points source, SortedMap<String, String> labels, double confidence) {
        List<Measurement.Point> points = new ArrayList<>();
        for (int p = 0; p < simulation.points(); p++) {
            points.add(
                    new Measurement.Point(simulation.stepOf(p), RunStatistics.mean(source.at(metric, p), confidence)));
        }
        String name = metrics.get(metric).name();
        return new Measurement.Curve(name, "step", name, labels, points);
    }

    private SortedMap<String, String> parameters(boolean withPolicy) {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("environment", simulation.environment().toString());
        parameters.put("steps", Integer.toString(simulation.steps()));
        parameters.put("runs", Integer.toString(simulation.runs()));
        parameters.put("points", Integer.toString(simulation.points()));
        parameters.put("confidence", Double.toString(simulation.confidence()));
        parameters.put("seed", Long.toString(simulation.seed().value()));
        if (withPolicy) {
            parameters.put("policy", policy.toString());
        }
        return parameters;
    }

    @Override
    public Evidence evidence() {
        return new Evidence(
                Technique.FAIRNESS_EVALUATION, policy.toString(), parameters(true), List.copyOf(curves()), List.of());
    }
}
