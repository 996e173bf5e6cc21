// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;

/**
 * The feedback loop of selective labels: whether an applicant was qualified is seen only if the applicant was accepted. People come from a
 * population that does not change, so that whatever drifts is the learner's doing. A step draws three numbers whatever the decision.
 *
 * <p>Source: H. Lakkaraju, J. Kleinberg, J. Leskovec, J. Ludwig, S. Mullainathan, The selective labels problem, KDD 2017.
 *
 * @param population the population
 * @param interest what a qualified applicant earns if accepted, where an unqualified one loses 1; &gt; 0
 */
public record SelectiveLabelEnvironment(ClusterPopulation population, double interest)
        implements SimulationEnvironment<SelectiveLabelState, Decision> {
    /** Checks the parameters. */
    public SelectiveLabelEnvironment {
        Checks.positive("interest", interest);
    }

    /**
     * The loop at interest 1.
     *
     * @param population the population
     * @return the environment
     */
    public static SelectiveLabelEnvironment of(ClusterPopulation population) {
        return new SelectiveLabelEnvironment(population, 1);
    }

    @Override
    public SelectiveLabelState start(RandomGenerator random) {
        return applicant(new double[SelectiveLabelState.size(population.groups(), population.clusters())], random);
    }

    @Override
    public Step<SelectiveLabelState> step(SelectiveLabelState state, Decision action, RandomGenerator random) {
        int group = state.group();
        int cluster = state.cluster();
        boolean qualified = random.nextDouble() < population.qualified(cluster);
        boolean accepted = action == Decision.ACCEPT;
        double[] values = state.values.clone();
        Tally.count(values, group * Tally.SIZE, accepted, qualified);
        double reward = 0;
        if (accepted) {
            reward = qualified ? interest : -1;
            values[values.length - 1] += reward;
            int cell = state.cell(group, cluster);
            values[cell]++;
            if (qualified) {
                values[cell + 1]++;
            }
        }
        return new Step<>(applicant(values, random), reward);
    }

    private SelectiveLabelState applicant(double[] values, RandomGenerator random) {
        int group = population.drawGroup(random);
        int cluster = population.drawCluster(group, random);
        return new SelectiveLabelState(population.groups(), population.clusters(), group, cluster, values);
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@code acceptance_rate}, {@code true_positive_rate} and {@code label_bias}, each by group and as gap, and {@code utility}, the sum of
     * the rewards.
     */
    @Override
    public List<SimulationMetric<SelectiveLabelState>> metrics() {
        List<SimulationMetric<SelectiveLabelState>> all = new ArrayList<>();
        all.addAll(SimulationMetric.byGroup(
                "acceptance_rate", "1", population.space(), SelectiveLabelState::acceptanceRate));
        all.addAll(SimulationMetric.byGroup(
                "true_positive_rate", "1", population.space(), SelectiveLabelState::truePositiveRate));
        all.addAll(SimulationMetric.byGroup("label_bias", "1", population.space(), SelectiveLabelState::labelBias));
        all.add(SimulationMetric.of("utility", "loans", s -> OptionalDouble.of(s.utility())));
        return List.copyOf(all);
    }
}
