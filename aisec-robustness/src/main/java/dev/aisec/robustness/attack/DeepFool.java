// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Targets;

/**
 * DeepFool: steps onto the nearest of the linearised decision boundaries until the class changes. Fast, and near the
 * boundary; {@link Fab} and {@link Ddn} come nearer to the clean input.
 *
 * <p>Guarantee: as {@link Attack}; a row that is broken is not queried any more. The distance is an upper bound of that of
 * the nearest adversarial example; on a linear model it is 1 + overshoot times it, box or not.
 *
 * <p>With f_k = z_k − z_y and w_k = ∇f_k at x, the step goes to the boundary with the least |f_k| / ‖w_k‖ in the dual norm: in
 * L2 by |f| / ‖w‖₂² · w, in L∞ by |f| / ‖w‖₁ · sign w. The sample is x₀ + (1 + overshoot) Σ steps. Unlike the paper, which knows no
 * bounds, a step takes the shortest way onto the boundary that stays in the box. To reach a class, which the paper does
 * not treat, the boundary is that between it and the strongest other.
 *
 * <p>Source: Moosavi-Dezfooli, Fawzi, Frossard, DeepFool: a Simple and Accurate Method to Fool Deep Neural Networks, CVPR
 * 2016, algorithm 2 and equations 10 and 11; overshoot 0.02 and the limit of 50 steps and ten classes are those of the
 * authors' code. Clause 7.3.2-5.
 *
 * @param norm L2 or L∞
 * @param steps most steps; at least 1
 * @param classes how many classes, the label among them, are looked at: those with the largest logits at the clean input; at
 *     least 2. Each but the label costs a gradient in each step
 * @param overshoot share by which steps go beyond the boundary; at least 0 and finite
 */
public record DeepFool(Norm norm, int steps, int classes, double overshoot)
        implements MinimumNormAttack<DifferentiableClassifier> {

    /** Checks the components. */
    public DeepFool {
        if (norm != Norm.L2 && norm != Norm.LINF) {
            throw new IllegalArgumentException("norm must be L2 or LINF, was " + norm);
        }
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        if (classes < 2) {
            throw new IllegalArgumentException("classes must be >= 2, was " + classes);
        }
        if (!(overshoot >= 0 && overshoot < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("overshoot must be >= 0 and finite, was " + overshoot);
        }
    }

    /**
     * At most 50 steps, ten classes, overshoot 0.02.
     *
     * @param norm L2 or L∞
     * @return the attack
     */
    public static DeepFool of(Norm norm) {
        return new DeepFool(norm, 50, 10, 0.02);
    }

    /**
     * The same attack that looks at another number of classes.
     *
     * @param count classes, the label among them; more than the model has means all
     * @return the attack
     */
    public DeepFool withClasses(int count) {
        return new DeepFool(norm, steps, count, overshoot);
    }

    /**
     * The same attack with another limit of steps.
     *
     * @param count most steps
     * @return the attack
     */
    public DeepFool withSteps(int count) {
        return new DeepFool(norm, count, classes, overshoot);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        Search search = Search.nearest(model, inputs, goal, norm);
        int[] rows = search.open();
        if (rows.length > 0) {
            walk(model, search, rows);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private void walk(DifferentiableClassifier model, Search search, int[] all) {
        int n = search.n;
        int[] rows = all;
        Batch numbers = search.numbers(rows);
        Targets targets = search.goal.targets(rows);
        float[] x = search.inputsOf(rows);
        int[][] rivals = search.goal.targeted()
                ? new int[1][rows.length]
                : Boundaries.rivals(search.ask(rows, numbers, x), targets, classes - 1);
        double[] total = new double[x.length];
        double[] delta = new double[n];
        Boundaries boundaries = new Boundaries(model, search, norm);
        Hyperplane hyperplane = new Hyperplane(norm, search.bounds, n);
        for (int step = 0; step < steps && rows.length > 0; step++) {
            boundaries.clear(rows.length);
            for (int k = 0; k < rivals.length; k++) {
                boundaries.look(rows, numbers, x, targets, rivals[k]);
                int[] kept = k == 0 ? search.keep(rows) : null;
                if (kept != null) {
                    // The first look has told which rows are there; the others are for those that are not.
                    rows = Search.pick(rows, kept);
                    numbers = search.numbers(rows);
                    targets = targets.select(kept);
                    x = Search.pick(x, n, kept);
                    total = pick(total, n, kept);
                    boundaries.keep(kept);
                    for (int j = 0; j < rivals.length; j++) {
                        rivals[j] = Search.pick(rivals[j], kept);
                    }
                    if (rows.length == 0) {
                        return;
                    }
                }
            }
            for (int r = 0; r < rows.length; r++) {
                if (boundaries.distance[r] < Double.POSITIVE_INFINITY) {
                    double least = boundaries.rate[r] * Boundaries.nudge(x, r * n, n);
                    double gain = Math.max(-boundaries.value[r], least);
                    hyperplane.step(x, r * n, boundaries.normal, r * n, gain, delta);
                    move(search, rows[r], x, total, delta, r * n);
                }
            }
        }
        search.ask(rows, numbers, x);
        for (int r = 0; r < rows.length; r++) {
            search.tried(rows[r], x, r * n);
        }
    }

    private void move(Search search, int row, float[] x, double[] total, double[] delta, int at) {
        float[] clean = search.inputs.array();
        int in = search.start(row);
        for (int i = 0; i < search.n; i++) {
            total[at + i] += delta[i];
            float moved = (float) (clean[in + i] + (1 + overshoot) * total[at + i]);
            x[at + i] = search.bounds.clip(i, moved);
        }
    }

    private static double[] pick(double[] x, int width, int[] kept) {
        double[] y = new double[kept.length * width];
        for (int k = 0; k < kept.length; k++) {
            System.arraycopy(x, kept[k] * width, y, k * width, width);
        }
        return y;
    }
}
