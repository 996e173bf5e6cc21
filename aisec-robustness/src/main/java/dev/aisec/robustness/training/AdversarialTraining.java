// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import java.util.random.RandomGenerator;

/**
 * Adversarial training: each batch is replaced by adversarial examples against the model as trained so far, the inner
 * maximum of min_θ E max_{‖δ‖ ≤ ε} L(θ, x + δ, y).
 *
 * <p>The attack runs to its last step on every row, also where the model is fooled already: what comes back is the last
 * point tried (of APGD the best one), inside ball and bounds. Its random starts are new for each batch. It raises robust accuracy against attacks
 * like its own, costs clean accuracy, and certifies nothing; evaluate with stronger attacks than it was trained with.
 *
 * <p>Source: Madry, Makelov, Schmidt, Tsipras, Vladu, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR
 * 2018. Clause 7.3.2-1.
 *
 * @param attack the attack; the paper uses PGD with 40 steps of 0.01 for ε = 0.3 on MNIST, 7 to 10 steps are common
 */
public record AdversarialTraining(BallAttack<DifferentiableClassifier> attack) implements BatchTransform {
    @Override
    public Labelled apply(DifferentiableClassifier model, Labelled batch, RandomGenerator random) {
        Batch fresh = renumbered(batch.inputs(), random);
        Batch adversarial = strongest(attack, model, fresh, batch.targets().labels());
        return new Labelled(batch.inputs().like(adversarial.toArray(), adversarial.shape()), batch.targets());
    }

    /** The rows under numbers of their own, so that what is drawn for them is new in each batch. */
    static Batch renumbered(Batch inputs, RandomGenerator random) {
        return inputs.numberedFrom(random.nextLong() >>> 2);
    }

    /** The points of an attack that takes all its steps. */
    static Batch strongest(
            BallAttack<DifferentiableClassifier> attack, DifferentiableClassifier model, Batch inputs, int[] labels) {
        return attack.perturb(model, inputs, Goal.raiseLoss(labels)).samples();
    }
}
