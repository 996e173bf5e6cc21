// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.ArrayList;
import java.util.List;

/**
 * A minimum-norm attack as an attack inside a ball: a row is broken if an adversarial example is found inside. So the
 * Fast Adaptive Boundary attack takes part in AutoAttack. An attack that can leaves a row alone once an example inside is found.
 *
 * <p>Guarantee: as {@link Pgd}. An example outside is pulled back into the ball and the model is asked about it once more:
 * mostly it is the sample tried last of a row that failed; if it happens to achieve the goal, the row is broken by it.
 *
 * <p>Source: Croce, Hein, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks,
 * ICML 2020, section 5. Clause 7.3.2-5.
 *
 * @param attack looks for the nearest adversarial example
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param <M> what the attack needs of the model
 */
public record Within<M extends Classifier>(MinimumNormAttack<M> attack, double epsilon) implements BallAttack<M> {
    /** Checks the components. */
    public Within {
        Ball.requireNorm(attack.norm());
        Pgd.requireRadius(epsilon);
    }

    @Override
    public Norm norm() {
        return attack.norm();
    }

    @Override
    public Within<M> withEpsilon(double other) {
        return new Within<>(attack, other);
    }

    @Override
    public AttackResult perturb(M model, Batch inputs, Goal goal) {
        AttackResult nearest = attack.perturb(model, inputs, goal, epsilon);
        List<AttackResult.Row> rows = new ArrayList<>(nearest.rows());
        int[] far = new int[rows.size()];
        int count = 0;
        for (int i = 0; i < far.length; i++) {
            if (!(rows.get(i).distance() <= epsilon)) {
                far[count++] = i;
            }
        }
        if (count == 0) {
            return nearest;
        }
        far = java.util.Arrays.copyOf(far, count);
        float[] samples = nearest.samples().toArray();
        pull(samples, far, inputs, model);
        Batch pulled = inputs.like(samples, inputs.shape());
        int[] once = model.predict(pulled.select(far));
        boolean any = false;
        for (int k = 0; k < count; k++) {
            any |= goal.achieved(far[k], once[k]);
        }
        int[] twice = any ? model.predict(pulled.select(far)) : once;
        for (int k = 0; k < count; k++) {
            AttackResult.Row before = rows.get(far[k]);
            AttackResult.Status status = AttackResult.Status.FAILED;
            if (goal.achieved(far[k], once[k])) {
                status = goal.achieved(far[k], twice[k])
                        ? AttackResult.Status.SUCCEEDED
                        : AttackResult.Status.UNCONFIRMED;
            }
            rows.set(
                    far[k],
                    new AttackResult.Row(
                            status,
                            norm().distance(pulled, inputs, far[k]),
                            before.queries() + (any ? 2 : 1),
                            before.gradients(),
                            before.zeroGradients()));
        }
        return new AttackResult(pulled, rows);
    }

    private void pull(float[] samples, int[] far, Batch inputs, M model) {
        int n = inputs.shape().size();
        Ball ball = new Ball(norm(), epsilon, model.spec().bounds(), n);
        float[] low = new float[n];
        float[] high = new float[n];
        float[] x = new float[n];
        for (int row : far) {
            ball.box(inputs.array(), inputs.offset() + row * n, low, high, 0);
            System.arraycopy(samples, row * n, x, 0, n);
            ball.project(x, 0, inputs.array(), inputs.offset() + row * n, low, high);
            System.arraycopy(x, 0, samples, row * n, n);
        }
    }
}
