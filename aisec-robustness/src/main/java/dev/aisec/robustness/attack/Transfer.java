// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;

/**
 * Transfer: an attack on a surrogate, of which the attacker has the gradients, whose samples are tried on a target, of
 * which he has not. It costs the target one query for each row, beside those on the input and for the confirmation.
 *
 * <p>Guarantee: samples lie inside ball and bounds; success is the target's, as confirmed. Queries are those of the target;
 * the work on the surrogate is not counted. It gives an upper bound of the target's robust accuracy, not a proof: a poor
 * surrogate says nothing about the target.
 *
 * <p>Assumptions: surrogate and target agree on shape, classes and bounds. An attack that ends as soon as the surrogate is
 * fooled gives samples just beyond its boundary, and leaves inputs alone that the surrogate has wrong by itself; both
 * transfer less than samples at the ball's border would.
 *
 * <p>Source: Papernot, McDaniel, Goodfellow, Transferability in Machine Learning: from Phenomena to Black-Box Attacks using
 * Adversarial Samples, arXiv 1605.07277, 2016. Clause 7.3.2-5.
 *
 * @param attack attack on the surrogate
 * @param surrogate the model that the attacker has
 */
public record Transfer(BallAttack<? super DifferentiableClassifier> attack, DifferentiableClassifier surrogate)
        implements BallAttack<Classifier> {
    @Override
    public Norm norm() {
        return attack.norm();
    }

    @Override
    public double epsilon() {
        return attack.epsilon();
    }

    @Override
    public Transfer withEpsilon(double epsilon) {
        return new Transfer(attack.withEpsilon(epsilon), surrogate);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        if (!surrogate.spec().equals(model.spec())) {
            throw new IllegalArgumentException(
                    "surrogate must have the target's " + model.spec() + ", had " + surrogate.spec());
        }
        Search search = new Search(model, inputs, goal, attack.norm());
        int[] rows = search.open();
        if (rows.length > 0) {
            float[] samples = attack.perturb(surrogate, inputs.select(rows), goal.select(rows))
                    .samples()
                    .toArray();
            search.ask(rows, search.numbers(rows), samples);
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], samples, r * search.n);
            }
        }
        return search.result(attack.epsilon());
    }
}
