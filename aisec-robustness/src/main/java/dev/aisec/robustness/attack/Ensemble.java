// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.ArrayList;
import java.util.List;

/**
 * Attacks one after the other on the rows that are left: the worst case for each example. Cheap ones stand first. Attacks
 * with and without gradients may stand in one list.
 *
 * <p>Guarantee: a row fails only if every attack fails; each was confirmed by its attack. Queries and gradients are summed.
 *
 * @param <M> kind of model
 * @param attacks at least one, all with one norm and one radius
 */
public record Ensemble<M extends Classifier>(List<BallAttack<? super M>> attacks) implements BallAttack<M> {
    /** Checks the attacks. */
    public Ensemble {
        attacks = List.copyOf(attacks);
        if (attacks.isEmpty()) {
            throw new IllegalArgumentException("attacks must not be empty");
        }
        for (BallAttack<? super M> a : attacks) {
            if (a.norm() != attacks.get(0).norm()
                    || a.epsilon() != attacks.get(0).epsilon()) {
                throw new IllegalArgumentException("attacks must share norm and radius, were "
                        + attacks.get(0).norm() + " " + attacks.get(0).epsilon() + " and " + a.norm() + " "
                        + a.epsilon());
            }
        }
    }

    /**
     * What one attack of the list did.
     *
     * @param rows the rows of the inputs that it got, in ascending order
     * @param result its result on them
     */
    public record Stage(int[] rows, AttackResult result) {}

    @Override
    public Norm norm() {
        return attacks.get(0).norm();
    }

    @Override
    public double epsilon() {
        return attacks.get(0).epsilon();
    }

    @Override
    public Ensemble<M> withEpsilon(double epsilon) {
        List<BallAttack<? super M>> others = new ArrayList<>();
        for (BallAttack<? super M> a : attacks) {
            others.add(a.withEpsilon(epsilon));
        }
        return new Ensemble<>(others);
    }

    @Override
    public AttackResult perturb(M model, Batch inputs, Goal goal) {
        List<Stage> stages = stages(model, inputs, goal);
        AttackResult first = stages.get(0).result();
        int n = inputs.shape().size();
        float[] samples = first.samples().toArray();
        List<AttackResult.Row> rows = new ArrayList<>(first.rows());
        for (Stage stage : stages.subList(1, stages.size())) {
            for (int k = 0; k < stage.rows().length; k++) {
                int i = stage.rows()[k];
                AttackResult.Row before = rows.get(i);
                AttackResult.Row row = stage.result().rows().get(k);
                rows.set(
                        i,
                        new AttackResult.Row(
                                row.status(),
                                row.distance(),
                                before.queries() + row.queries(),
                                before.gradients() + row.gradients(),
                                before.zeroGradients() + row.zeroGradients()));
                System.arraycopy(stage.result().samples().row(k), 0, samples, i * n, n);
            }
        }
        return new AttackResult(inputs.like(samples, inputs.shape()), rows);
    }

    /**
     * Runs the attacks and keeps apart what each did.
     *
     * @param model the model
     * @param inputs clean examples inside the model's bounds
     * @param goal what to achieve, for as many rows
     * @return a stage for each attack in order; those for which no row was left are missing at the end
     */
    public List<Stage> stages(M model, Batch inputs, Goal goal) {
        List<Stage> stages = new ArrayList<>();
        int[] left = new int[inputs.size()];
        for (int i = 0; i < left.length; i++) {
            left[i] = i;
        }
        for (BallAttack<? super M> attack : attacks) {
            AttackResult result = stages.isEmpty()
                    ? attack.perturb(model, inputs, goal)
                    : attack.perturb(model, inputs.select(left), goal.select(left));
            stages.add(new Stage(left, result));
            left = result.rowsWith(AttackResult.Status.FAILED);
            int[] got = stages.get(stages.size() - 1).rows();
            for (int k = 0; k < left.length; k++) {
                left[k] = got[left[k]];
            }
            if (left.length == 0) {
                break;
            }
        }
        return stages;
    }
}
