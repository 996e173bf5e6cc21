// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * The elastic-net attack: as {@link CarliniWagnerL2}, with a term in L1 that leaves most features exactly as they are.
 *
 * <p>Guarantee: as {@link Attack}. With a confidence, only samples are taken whose logit wins by that much. Two forward passes and
 * one backward pass for each iteration and row.
 *
 * <p>It minimises c · max(κ − margin(x), 0) + ‖x − x₀‖₂² + β ‖x − x₀‖₁ in the box by FISTA: from y, a gradient step of the smooth part,
 * then each feature that is within β of x₀ returns to it and the others shrink by β; y is carried on by k / (k + 3). The step falls
 * with the square root of the iterations that are left. c, the end of a search step and the pace of rows are those of {@link
 * CarliniWagnerL2}. y is kept inside the box, too.
 *
 * <p>Source: Chen, Sharma, Zhang, Yi, Hsieh, EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples, AAAI
 * 2018, algorithm 1; β and c are those of the authors' code. Clause 7.3.2-5.
 *
 * @param steps most iterations of each search step; at least 1
 * @param searches values of c that are tried; at least 1
 * @param rate first step size; positive and finite
 * @param weight first c; positive and finite
 * @param beta β, weight of L1 and what features shrink by, in units of the inputs; positive and finite
 * @param rule which of the adversarial samples is the best
 * @param confidence κ, in units of the logits; at least 0 and finite
 */
public record Ead(int steps, int searches, double rate, double weight, double beta, Rule rule, double confidence)
        implements MinimumNormAttack<DifferentiableClassifier> {
    /** Which of the adversarial samples that were met is returned. */
    public enum Rule {
        /** The nearest in L1. */
        L1,
        /** That with the least ‖x − x₀‖₂² + β ‖x − x₀‖₁. Distances are still given in L1. */
        ELASTIC_NET
    }

    /** Checks the components. */
    public Ead {
        CarliniWagnerL2.requireSearch(steps, searches, rate, weight, confidence);
        Pgd.requirePositive("beta", beta);
    }

    /**
     * At most 1000 iterations for each of nine values of c from 0.001, first step 0.01, β = 0.001, nearest in L1, no confidence.
     *
     * @return the attack
     */
    public static Ead of() {
        return new Ead(1000, 9, 0.01, 1e-3, 1e-3, Rule.L1, 0);
    }

    /**
     * The same attack with another amount of work.
     *
     * @param iterations most iterations of each search step
     * @param count values of c that are tried
     * @return the attack
     */
    public Ead withSteps(int iterations, int count) {
        return new Ead(iterations, count, rate, weight, beta, rule, confidence);
    }

    /**
     * The same attack with another weight of L1.
     *
     * @param other β
     * @return the attack
     */
    public Ead withBeta(double other) {
        return new Ead(steps, searches, rate, weight, other, rule, confidence);
    }

    /**
     * The same attack with another rule.
     *
     * @param other which sample is the best
     * @return the attack
     */
    public Ead withRule(Rule other) {
        return new Ead(steps, searches, rate, weight, beta, other, confidence);
    }

    @Override
    public Norm norm() {
        return Norm.L1;
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = Search.nearest(model, inputs, goal, Norm.L1);
        search.enough = enough;
        search.confidence = confidence;
        if (rule == Rule.ELASTIC_NET) {
            search.measure = this::elastic;
        }
        int[] rows = search.all();
        if (rows.length > 0) {
            optimise(model, search, rows);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private double elastic(float[] a, int ai, float[] b, int bi, int n) {
        double length = Norm.L2.length(a, ai, b, bi, n);
        return length * length + beta * Norm.L1.length(a, ai, b, bi, n);
    }

    private void optimise(DifferentiableClassifier model, Search search, int[] all) {
        int n = search.n;
        int[] rows = all;
        Batch numbers = search.numbers(rows);
        Targets targets = search.goal.targets(rows);
        Loss loss = new MarginLoss();
        double sign = search.goal.targeted() ? 1 : -1;
        Tradeoff tradeoff = new Tradeoff(weight, steps, searches, rows.length);
        float[] clean = search.inputsOf(rows);
        float[] x = clean.clone();
        float[] y = clean.clone();
        while (rows.length > 0) {
            Search.Slope slope = search.slope(model, rows, numbers, y, loss, targets);
            for (int r = 0; r < rows.length; r++) {
                boolean there = search.succeeds(slope.logits(), r, rows[r]);
                double pull = there ? 0 : sign * tradeoff.weight[r];
                int k = tradeoff.iteration[r];
                double size = rate * Math.sqrt(1 - (double) k / steps);
                shrink(search, slope.gradient(), slope.offset(), pull, size, k, clean, x, y, r * n);
            }
            Batch logits = search.ask(rows, numbers, x);
            int[] kept = new int[rows.length];
            int count = 0;
            for (int r = 0; r < rows.length; r++) {
                double penalty = Math.max(confidence - search.margin(logits, r, rows[r]), 0);
                double total = elastic(x, r * n, clean, r * n, n) + tradeoff.weight[r] * penalty;
                boolean goesOn = true;
                if (tradeoff.over(r, total, search.succeeds(logits, r, rows[r]))) {
                    goesOn = tradeoff.next(r);
                    if (goesOn) {
                        System.arraycopy(clean, r * n, x, r * n, n);
                        System.arraycopy(clean, r * n, y, r * n, n);
                    } else {
                        search.tried(rows[r], x, r * n);
                    }
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
                x = Search.pick(x, n, kept);
                y = Search.pick(y, n, kept);
                tradeoff.keep(kept);
            }
        }
    }

    /** x from y by a gradient step and soft thresholding around the clean input, and the next y. */
    private void shrink(
            Search search,
            float[] g,
            int offset,
            double pull,
            double size,
            int k,
            float[] clean,
            float[] x,
            float[] y,
            int at) {
        float lead = (float) ((k + 1) / (k + 4.0));
        float threshold = (float) beta;
        float step = (float) size;
        float force = (float) pull;
        for (int i = 0; i < search.n; i++) {
            int j = at + i;
            float c = clean[j];
            float d = y[j] - c;
            float moved = d - step * (force * g[offset + j] + 2 * d);
            float left = Math.max(Math.abs(moved) - threshold, 0);
            float now = left > 0 ? search.bounds.clip(i, c + Math.copySign(left, moved)) : c;
            float before = x[j];
            x[j] = now;
            y[j] = search.bounds.clip(i, now + lead * (now - before));
        }
    }
}
