// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import java.util.ArrayList;
import java.util.List;

/**
 * A minimum-norm attack as an attack in a ball: a row is broken if the nearest adversarial example found lies in the ball.
 *
 * <p>Guarantee: as of every {@link BallAttack}. Of a row that is not broken the sample is the one found farther away, drawn back
 * into the ball.
 *
 * @param <M> what it needs of the model
 * @param attack the attack
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 */
public record Within<M extends Classifier>(MinimumNormAttack<M> attack, double epsilon) implements BallAttack<M> {
    /** Checks the radius. */
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
        AttackResult free = attack.perturb(model, inputs, goal, epsilon);
        Bounds bounds = model.spec().bounds();
        int n = inputs.shape().size();
        Ball ball = new Ball(norm(), epsilon, bounds, n);
        float[] samples = free.samples().toArray();
        float[] low = new float[n];
        float[] high = new float[n];
        List<AttackResult.Row> rows = new ArrayList<>(free.rows());
        for (int i = 0; i < rows.size(); i++) {
            AttackResult.Row row = rows.get(i);
            if (!(row.distance() <= epsilon)) {
                float[] x = free.samples().row(i);
                int in = inputs.offset() + i * n;
                ball.box(inputs.array(), in, low, high, 0);
                ball.project(x, 0, inputs.array(), in, low, high);
                System.arraycopy(x, 0, samples, i * n, n);
                rows.set(
                        i,
                        new AttackResult.Row(
                                AttackResult.Status.FAILED,
                                norm().length(x, 0, inputs.array(), in, n),
                                row.queries(),
                                row.gradients(),
                                row.zeroGradients()));
            }
        }
        return new AttackResult(inputs.like(samples, inputs.shape()), rows);
    }
}
