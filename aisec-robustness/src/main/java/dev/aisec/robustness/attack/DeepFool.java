// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * DeepFool: steps to the nearest boundary of the model made linear, again and again, until the label falls.
 *
 * <p>Guarantee: samples lie inside the model's bounds; broken rows are not queried any more. On a linear model the first step is
 * the shortest there is, apart from the overshoot, where the bounds do not interfere. The distance is an upper bound of the
 * true one. Each step asks for the gradient of every class that it looks at.
 *
 * <p>A step is δ ← δ + |f_c| / ‖w_c‖_q^… along w_c = ∇(z_c − z_y), for the class c whose |f_c| / ‖w_c‖_q is least (q dual to the
 * norm), and x ← x₀ + (1 + overshoot) δ, cut with the bounds.
 *
 * <p>Source: Moosavi-Dezfooli, Fawzi, Frossard, DeepFool: a Simple and Accurate Method to Fool Deep Neural Networks, CVPR 2016,
 * algorithm 2 and section 3.3. Clause 7.3.2-5.
 *
 * @param norm L2 or L∞
 * @param classes how many of the likeliest wrong classes to look at; at least 1; the paper uses 10 at most
 * @param steps most steps; at least 1; 50 as in the authors' code
 * @param overshoot η, how much farther to go than the boundary; positive; the paper uses 0.02
 */
public record DeepFool(Norm norm, int classes, int steps, double overshoot)
        implements MinimumNormAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public DeepFool {
        if (norm != Norm.L2 && norm != Norm.LINF) {
            throw new IllegalArgumentException("norm must be L2 or LINF, was " + norm);
        }
        if (classes < 1 || steps < 1) {
            throw new IllegalArgumentException("classes and steps must be >= 1, were " + classes + " and " + steps);
        }
        Pgd.requirePositive("overshoot", overshoot);
    }

    /**
     * The paper's parameters: the ten likeliest classes, 50 steps, overshoot 0.02.
     *
     * @param norm L2 or L∞
     * @return the attack
     */
    public static DeepFool of(Norm norm) {
        return new DeepFool(norm, 10, 50, 0.02);
    }

    /** Stops at the first adversarial example, whatever is enough: it does not come nearer by going on. */
    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, norm);
        int n = search.n;
        int[] rows = search.open();
        float[] clean = inputs.array();
        float[] x = search.inputsOf(rows);
        double[] moved = new double[x.length];
        int[][] wrong = new int[0][];
        for (int step = 0; step < steps && rows.length > 0; step++) {
            Batch numbers = search.numbers(rows);
            int[] labels = goal.targets(rows).labels();
            float[] best = new float[x.length];
            double[] nearest = new double[rows.length];
            double[] length = new double[rows.length];
            Arrays.fill(nearest, Double.POSITIVE_INFINITY);
            int tried = goal.targeted() ? 1 : Math.min(classes, search.spec.classes() - 1);
            if (step == 0 && !goal.targeted()) {
                wrong = Logit.likeliestWrong(search.ask(rows, numbers, x), labels, tried);
            }
            for (int k = 0; k < tried; k++) {
                Logit.Difference towards =
                        goal.targeted() ? Logit.Difference.toLabel(labels) : Logit.Difference.to(wrong, k, labels);
                Search.Slope slope = search.slope(model, rows, numbers, x, towards, Targets.of(labels));
                for (int r = 0; r < rows.length; r++) {
                    double dual = 0;
                    int at = slope.offset() + r * n;
                    for (int i = at; i < at + n; i++) {
                        double g = slope.gradient()[i];
                        dual += norm == Norm.L2 ? g * g : Math.abs(g);
                    }
                    dual = norm == Norm.L2 ? Math.sqrt(dual) : dual;
                    double distance = dual > 0 ? Math.abs(slope.loss()[r]) / dual : Double.POSITIVE_INFINITY;
                    if (distance < nearest[r]) {
                        nearest[r] = distance;
                        length[r] = dual;
                        System.arraycopy(slope.gradient(), at, best, r * n, n);
                    }
                }
            }
            for (int r = 0; r < rows.length; r++) {
                if (search.isBroken(rows[r]) || !(nearest[r] < Double.POSITIVE_INFINITY)) {
                    continue;
                }
                // Foolbox and the authors add 1e-4 to the margin: a row on the boundary itself must move.
                double go = nearest[r] + 1e-4 / length[r];
                int in = search.start(rows[r]);
                for (int i = 0; i < n; i++) {
                    int at = r * n + i;
                    moved[at] += go * (norm == Norm.L2 ? best[at] / length[r] : Math.signum(best[at]));
                    x[at] = search.bounds.clip(i, (float) (clean[in + i] + (1 + overshoot) * moved[at]));
                }
            }
            if (step == steps - 1) {
                search.ask(rows, numbers, x);
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
            int[] kept = search.keep(rows);
            if (kept != null) {
                double[] left = new double[kept.length * n];
                int[][] leftWrong = new int[wrong.length == 0 ? 0 : kept.length][];
                for (int k = 0; k < kept.length; k++) {
                    System.arraycopy(moved, kept[k] * n, left, k * n, n);
                    if (leftWrong.length > 0) {
                        leftWrong[k] = wrong[kept[k]];
                    }
                }
                moved = left;
                wrong = leftWrong;
                x = Search.pick(x, n, kept);
                rows = Search.pick(rows, kept);
            }
        }
        return search.result(Double.POSITIVE_INFINITY);
    }
}
