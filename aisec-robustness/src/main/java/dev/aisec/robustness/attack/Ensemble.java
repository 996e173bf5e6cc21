// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attacks one after the other on the rows that are left: the worst case for each example. Cheap ones stand first.
 *
 * <p>Guarantee: a row fails only if every attack fails; each was confirmed by its attack. Queries and gradients are summed.
 *
 * @param attacks at least one, all with one norm and one radius
 */
public record Ensemble(List<BallAttack<? super DifferentiableClassifier>> attacks)
        implements BallAttack<DifferentiableClassifier> {
    /** Checks the attacks. */
    public Ensemble {
        attacks = List.copyOf(attacks);
        if (attacks.isEmpty()) {
            throw new IllegalArgumentException("attacks must not be empty");
        }
        for (BallAttack<? super DifferentiableClassifier> a : attacks) {
            if (a.norm() != attacks.get(0).norm()
                    || a.epsilon() != attacks.get(0).epsilon()) {
                throw new IllegalArgumentException("attacks must share norm and radius, were "
                        + attacks.get(0).norm() + " " + attacks.get(0).epsilon() + " and " + a.norm() + " "
                        + a.epsilon());
            }
        }
    }

    @Override
    public Norm norm() {
        return attacks.get(0).norm();
    }

    @Override
    public double epsilon() {
        return attacks.get(0).epsilon();
    }

    @Override
    public Ensemble withEpsilon(double epsilon) {
        List<BallAttack<? super DifferentiableClassifier>> others = new ArrayList<>();
        for (BallAttack<? super DifferentiableClassifier> a : attacks) {
            others.add(a.withEpsilon(epsilon));
        }
        return new Ensemble(others);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        AttackResult first = attacks.get(0).perturb(model, inputs, goal);
        int n = inputs.shape().size();
        float[] samples = first.samples().toArray();
        List<AttackResult.Row> rows = new ArrayList<>(first.rows());
        for (BallAttack<? super DifferentiableClassifier> attack : attacks.subList(1, attacks.size())) {
            int[] left = new int[rows.size()];
            int count = 0;
            for (int i = 0; i < rows.size(); i++) {
                if (rows.get(i).status() == AttackResult.Status.FAILED) {
                    left[count++] = i;
                }
            }
            if (count == 0) {
                break;
            }
            left = Arrays.copyOf(left, count);
            AttackResult next = attack.perturb(model, inputs.select(left), goal.select(left));
            for (int k = 0; k < count; k++) {
                AttackResult.Row before = rows.get(left[k]);
                AttackResult.Row row = next.rows().get(k);
                rows.set(
                        left[k],
                        new AttackResult.Row(
                                row.status(),
                                row.distance(),
                                before.queries() + row.queries(),
                                before.gradients() + row.gradients(),
                                before.zeroGradients() + row.zeroGradients()));
                System.arraycopy(next.samples().row(k), 0, samples, left[k] * n, n);
            }
        }
        return new AttackResult(inputs.like(samples, inputs.shape()), rows);
    }
}
