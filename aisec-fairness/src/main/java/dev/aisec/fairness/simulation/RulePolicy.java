// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.random.RandomGenerator;

/**
 * Decides on applicants by a fixed rule. With {@link AcceptanceRule#best} on the true population this is the oracle: it knows how likely each
 * cluster is qualified.
 *
 * @param rule the rule
 * @param <S> the state
 */
public record RulePolicy<S extends ApplicantState>(AcceptanceRule rule)
        implements SimulationPolicy<S, Decision>, Agent<S, Decision> {
    @Override
    public Agent<S, Decision> agent() {
        return this;
    }

    @Override
    public Decision act(S state, RandomGenerator random) {
        return random.nextDouble() < rule.accept(state.group(), state.cluster()) ? Decision.ACCEPT : Decision.REJECT;
    }
}
