// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;

/**
 * College admission with strategic applicants. The college publishes a threshold; an applicant below it may pay to raise the score up to it, without
 * becoming better qualified. Raising it by a cluster costs {@code costs(g)}, which differs between groups; being admitted is worth 1, so an applicant pays if
 * that costs at most 1. A group to which gaming costs more is turned away more often, or pays more, at the same qualification.
 *
 * <p>A step is one applicant; the action is the threshold, the lowest cluster that is admitted. The college gets 1 for a qualified student and loses
 * {@code loss} for an unqualified one. A step draws three numbers whatever the threshold.
 *
 * <p>Source: L. Hu, N. Immorlica, J. W. Vaughan, The disparate effects of strategic manipulation, FAT* 2019; S. Milli, J. Miller, A. D. Dragan, M. Hardt,
 * The social cost of strategic classification, FAT* 2019 (social burden, definition 2.3).
 *
 * @param population the applicants; {@code qualified} is by the true score
 * @param costs for each group what a cluster costs; &gt; 0, or infinite for who cannot game
 * @param loss what an unqualified student costs the college; &gt; 0
 */
public record AdmissionEnvironment(ClusterPopulation population, List<Double> costs, double loss)
        implements SimulationEnvironment<AdmissionState, Integer> {
    /** Copies and checks. */
    public AdmissionEnvironment {
        costs = List.copyOf(costs);
        Checks.size("costs", "groups", population.groups(), costs.size());
        for (double cost : costs) {
            if (!(cost > 0)) {
                throw new IllegalArgumentException("costs must be > 0, was " + cost);
            }
        }
        Checks.positive("loss", loss);
    }

    /**
     * Admission in which an unqualified student costs 1.
     *
     * @param population the applicants
     * @param costs for each group what a cluster costs
     * @return the environment
     */
    public static AdmissionEnvironment of(ClusterPopulation population, double... costs) {
        return new AdmissionEnvironment(population, Arrays.stream(costs).boxed().toList(), 1);
    }

    /**
     * The same with another loss.
     *
     * @param changed what an unqualified student costs; &gt; 0
     * @return the environment
     */
    public AdmissionEnvironment withLoss(double changed) {
        return new AdmissionEnvironment(population, costs, changed);
    }

    @Override
    public AdmissionState start(RandomGenerator random) {
        return new AdmissionState(new double[population.groups() * AdmissionState.SIZE + 1]);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the threshold is no cluster
     */
    @Override
    public Step<AdmissionState> step(AdmissionState state, Integer action, RandomGenerator random) {
        int threshold = action;
        requireThreshold(threshold);
        int group = population.drawGroup(random);
        int cluster = population.drawCluster(group, random);
        boolean qualified = random.nextDouble() < population.qualified(cluster);
        double cost = cost(group, cluster, threshold);
        boolean accepted = cost <= 1;
        double[] values = state.values.clone();
        int at = group * AdmissionState.SIZE;
        Tally.count(values, at, accepted, qualified);
        if (accepted && cost > 0) {
            values[at + AdmissionState.GAMED]++;
        }
        if (qualified) {
            values[at + AdmissionState.BURDEN] += cost;
        }
        double reward = accepted ? (qualified ? 1 : -loss) : 0;
        values[values.length - 1] += reward;
        return new Step<>(new AdmissionState(values), reward);
    }

    private double cost(int group, int cluster, int threshold) {
        return cluster >= threshold ? 0 : costs.get(group) * (threshold - cluster);
    }

    private void requireThreshold(int threshold) {
        if (threshold < 0 || threshold >= population.clusters()) {
            throw new IllegalArgumentException(
                    "threshold must be in [0, " + population.clusters() + "), was " + threshold);
        }
    }

    /**
     * What a threshold does in expectation.
     *
     * @param threshold the lowest cluster that is admitted
     * @return the exact expectation
     */
    public AdmissionOutcome outcome(int threshold) {
        requireThreshold(threshold);
        List<Double> rates = new ArrayList<>();
        List<OptionalDouble> positiveRates = new ArrayList<>();
        List<Double> gaming = new ArrayList<>();
        List<OptionalDouble> burdens = new ArrayList<>();
        double utility = 0;
        for (int g = 0; g < population.groups(); g++) {
            double accepted = 0;
            double positives = 0;
            double qualified = 0;
            double gamed = 0;
            double burden = 0;
            for (int c = 0; c < population.clusters(); c++) {
                double mass = population.mass(g, c);
                double good = mass * population.qualified(c);
                double cost = cost(g, c, threshold);
                qualified += good;
                burden += good > 0 ? good * cost : 0;
                if (cost <= 1) {
                    accepted += mass;
                    positives += good;
                    gamed += cost > 0 ? mass : 0;
                }
            }
            rates.add(accepted);
            positiveRates.add(SimulationMetric.ratio(positives, qualified));
            gaming.add(gamed);
            burdens.add(Double.isInfinite(burden) ? OptionalDouble.empty() : SimulationMetric.ratio(burden, qualified));
            utility += population.share(g) * (positives - loss * (accepted - positives));
        }
        return new AdmissionOutcome(rates, positiveRates, gaming, burdens, utility);
    }

    /**
     * The threshold that is best for the college, which foresees the gaming (Stackelberg).
     *
     * @return the lowest of the thresholds with the highest expected utility
     */
    public int bestThreshold() {
        int best = 0;
        for (int t = 1; t < population.clusters(); t++) {
            if (outcome(t).utility() > outcome(best).utility()) {
                best = t;
            }
        }
        return best;
    }

    /**
     * The threshold that would be best if nobody gamed.
     *
     * @return the lowest of the thresholds with the highest expected utility
     */
    public int naiveThreshold() {
        double[] never = new double[population.groups()];
        Arrays.fill(never, Double.POSITIVE_INFINITY);
        return of(population, never).withLoss(loss).bestThreshold();
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@code acceptance_rate}, {@code true_positive_rate}, {@code gaming_rate} and {@code social_burden}, each by group and as gap, and
     * {@code utility}, the sum of the rewards.
     */
    @Override
    public List<SimulationMetric<AdmissionState>> metrics() {
        List<SimulationMetric<AdmissionState>> all = new ArrayList<>();
        all.addAll(
                SimulationMetric.byGroup("acceptance_rate", "1", population.space(), AdmissionState::acceptanceRate));
        all.addAll(SimulationMetric.byGroup(
                "true_positive_rate", "1", population.space(), AdmissionState::truePositiveRate));
        all.addAll(SimulationMetric.byGroup("gaming_rate", "1", population.space(), AdmissionState::gamingRate));
        all.addAll(SimulationMetric.byGroup("social_burden", "1", population.space(), AdmissionState::burden));
        all.add(SimulationMetric.of("utility", "students", s -> OptionalDouble.of(s.utility())));
        return List.copyOf(all);
    }
}
