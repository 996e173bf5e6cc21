// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * The attack of Carlini and Wagner in L2: the classic reference for the smallest perturbation, by optimisation without a
 * projection. {@link Ddn} comes as near with far fewer gradients.
 *
 * <p>Guarantee: as {@link Attack}. The distance is an upper bound of that of the nearest adversarial example. With a
 * confidence, only samples are taken whose logit wins by that much.
 *
 * <p>It minimises ‖x − x₀‖₂² + c · max(κ − margin(x), 0) over w by Adam, x = centre + half · tanh w, the margin being that by which the
 * logits achieve the goal. c begins small, grows tenfold until a search step succeeds, and is then bisected. A search step
 * ends early when its loss has not fallen by 0.01 % within a tenth of its iterations. Every row has its own c and its own pace; a
 * row whose search is over is not queried any more. A feature without two finite bounds is optimised itself and clipped.
 *
 * <p>Source: Carlini, Wagner, Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017, section VI-A, f₆. Learning
 * rate, first c and nine search steps are those of the authors' code, which has up to 10 000 iterations. Clause 7.3.2-5.
 *
 * @param steps most Adam iterations of each search step; at least 1
 * @param searches values of c that are tried; at least 1
 * @param rate learning rate, in units of w; positive and finite
 * @param weight first c; positive and finite
 * @param confidence κ, in units of the logits; at least 0 and finite
 */
public record CarliniWagnerL2(int steps, int searches, double rate, double weight, double confidence)
        implements MinimumNormAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public CarliniWagnerL2 {
        requireSearch(steps, searches, rate, weight, confidence);
    }

    static void requireSearch(int steps, int searches, double rate, double weight, double confidence) {
        if (steps < 1 || searches < 1) {
            throw new IllegalArgumentException("steps and searches must be >= 1, were " + steps + " and " + searches);
        }
        Pgd.requirePositive("rate", rate);
        Pgd.requirePositive("weight", weight);
        if (!(confidence >= 0 && confidence < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("confidence must be >= 0 and finite, was " + confidence);
        }
    }

    /**
     * At most 1000 iterations for each of nine values of c from 0.001, learning rate 0.01, no confidence.
     *
     * @return the attack
     */
    public static CarliniWagnerL2 of() {
        return new CarliniWagnerL2(1000, 9, 0.01, 1e-3, 0);
    }

    /**
     * The same attack with another amount of work.
     *
     * @param iterations most iterations of each search step
     * @param count values of c that are tried
     * @return the attack
     */
    public CarliniWagnerL2 withSteps(int iterations, int count) {
        return new CarliniWagnerL2(iterations, count, rate, weight, confidence);
    }

    /**
     * The same attack with another confidence.
     *
     * @param kappa by how much the logit must win
     * @return the attack
     */
    public CarliniWagnerL2 withConfidence(double kappa) {
        return new CarliniWagnerL2(steps, searches, rate, weight, kappa);
    }

    @Override
    public Norm norm() {
        return Norm.L2;
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = Search.nearest(model, inputs, goal, Norm.L2);
        search.enough = enough;
        search.confidence = confidence;
        int[] rows = search.all();
        if (rows.length > 0) {
            optimise(model, search, rows);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private void optimise(DifferentiableClassifier model, Search search, int[] all) {
        int n = search.n;
        int[] rows = all;
        Batch numbers = search.numbers(rows);
        Targets targets = search.goal.targets(rows);
        Loss loss = new MarginLoss();
        float sign = search.goal.targeted() ? 1 : -1;
        TanhSpace space = new TanhSpace(search.bounds, n);
        Tradeoff tradeoff = new Tradeoff(weight, steps, searches, rows.length);
        AdamSteps adam = new AdamSteps(rate, rows.length, n);
        float[] clean = search.inputsOf(rows);
        float[] w = new float[clean.length];
        float[] x = new float[clean.length];
        float[] slopes = new float[clean.length];
        for (int r = 0; r < rows.length; r++) {
            space.enter(clean, r * n, w, r * n);
        }
        while (rows.length > 0) {
            for (int r = 0; r < rows.length; r++) {
                space.leave(w, r * n, x, r * n, slopes);
            }
            Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
            int[] kept = new int[rows.length];
            int count = 0;
            for (int r = 0; r < rows.length; r++) {
                double margin = search.margin(slope.logits(), r, rows[r]);
                double penalty = Math.max(confidence - margin, 0);
                double length = Norm.L2.length(x, r * n, clean, r * n, n);
                double total = length * length + tradeoff.weight[r] * penalty;
                boolean there = search.succeeds(slope.logits(), r, rows[r]);
                boolean goesOn = true;
                if (tradeoff.over(r, total, there)) {
                    goesOn = tradeoff.next(r);
                    if (goesOn) {
                        space.enter(clean, r * n, w, r * n);
                        adam.reset(r);
                    } else {
                        search.tried(rows[r], x, r * n);
                    }
                } else {
                    float pull = there ? 0 : sign * (float) tradeoff.weight[r];
                    gradient(slope.gradient(), slope.offset(), pull, x, clean, slopes, r * n, n);
                    adam.step(r, tradeoff.iteration[r], w, slopes);
                }
                if (goesOn && !search.isDone(rows[r])) {
                    kept[count++] = r;
                }
            }
            if (count < rows.length) {
                kept = Arrays.copyOf(kept, count);
                rows = Search.pick(rows, kept);
                numbers = search.numbers(rows);
                targets = targets.select(kept);
                clean = Search.pick(clean, n, kept);
                w = Search.pick(w, n, kept);
                x = new float[w.length];
                slopes = new float[w.length];
                tradeoff.keep(kept);
                adam.keep(kept);
            }
        }
    }

    /** Turns the derivatives of x into the gradient of the loss with respect to w. */
    private static void gradient(
            float[] g, int offset, float pull, float[] x, float[] clean, float[] slopes, int at, int n) {
        for (int i = at; i < at + n; i++) {
            slopes[i] *= pull * g[offset + i] + 2 * (x[i] - clean[i]);
        }
    }
}
