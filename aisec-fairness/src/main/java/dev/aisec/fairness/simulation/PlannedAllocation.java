// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Allocates attention by the true rates: an oracle. It makes the plan of {@link Allocation#best} anew whenever the rates change.
 *
 * @param units how many units there are in a round; in [0, 10000]
 * @param alpha the most that discovery probabilities may differ, in [0, 1]; 1 for the most discoveries
 */
public record PlannedAllocation(int units, double alpha) implements SimulationPolicy<AttentionState, Allocation> {
    /** Checks the parameters. */
    public PlannedAllocation {
        AttentionEnvironment.requireUnits(units);
        Checks.share("alpha", alpha);
    }

    @Override
    public Agent<AttentionState, Allocation> agent() {
        return new Agent<>() {
            private double[] rates = new double[0];
            private Allocation plan = Allocation.of(0);

            @Override
            public Allocation act(AttentionState state, RandomGenerator random) {
                double[] now = new double[state.groups()];
                for (int g = 0; g < now.length; g++) {
                    now[g] = state.rate(g);
                }
                if (!Arrays.equals(now, rates)) {
                    rates = now;
                    plan = Allocation.best(now, units, alpha);
                }
                return plan;
            }
        };
    }
}
