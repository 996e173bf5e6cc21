// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * Fast minimum-norm attack: gradient steps inside a ball whose radius adapts: to the boundary's linear estimate until the point
 * is adversarial for the first time, then smaller while it is and larger while it is not.
 *
 * <p>Guarantee: samples lie inside the model's bounds; the distance is an upper bound of the true one. With few steps it stays
 * well above it: {@link Ddn} and {@link Fab} need fewer.
 *
 * <p>Source: Pintor, Roli, Brendel, Biggio, Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints, NeurIPS 2021,
 * algorithm 1, with the paper's schedules: steps fall from 1 to 1e-5, changes of the radius from 5 % to 0.01 %, both by
 * cosine. Clause 7.3.2-5.
 *
 * @param norm L1, L2 or L∞
 * @param steps gradient steps; at least 1; the paper uses 1,000
 */
public record Fmn(Norm norm, int steps) implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double SMALLEST = 1e-9;
    private static final double BEYOND = 1.001;

    /** Checks the components. */
    public Fmn {
        Ball.requireNorm(norm);
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
    }

    /**
     * 1,000 steps, as in the paper.
     *
     * @param norm L1, L2 or L∞
     * @return the attack
     */
    public static Fmn of(Norm norm) {
        return new Fmn(norm, 1000);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, norm);
        int n = search.n;
        int[] rows = search.open();
        float[] clean = inputs.array();
        float[] x = search.inputsOf(rows);
        double[] radius = new double[rows.length];
        Arrays.fill(radius, Double.POSITIVE_INFINITY);
        float[] low = new float[n];
        float[] high = new float[n];
        float[] point = new float[n];
        for (int step = 0; step < steps && rows.length > 0; step++) {
            Batch numbers = search.numbers(rows);
            int[] labels = goal.targets(rows).labels();
            Logit.Difference towards =
                    goal.targeted() ? Logit.Difference.toLabel(labels) : Logit.Difference.toOther(labels);
            Search.Slope slope = search.slope(model, rows, numbers, x, towards, Targets.of(labels));
            double cosine = (1 + Math.cos(Math.PI * step / steps)) / 2;
            double alpha = 1e-5 + (1 - 1e-5) * cosine;
            double gamma = 1e-4 + (0.05 - 1e-4) * cosine;
            for (int r = 0; r < rows.length; r++) {
                int at = r * n;
                int in = search.start(rows[r]);
                int gi = slope.offset() + at;
                double square = 0;
                double dual = 0;
                for (int i = gi; i < gi + n; i++) {
                    double g = Math.abs(slope.gradient()[i]);
                    square += g * g;
                    dual = norm == Norm.LINF ? dual + g : Math.max(dual, g);
                }
                dual = norm == Norm.L2 ? Math.sqrt(square) : dual;
                double difference = slope.loss()[r];
                if (difference > 0) {
                    radius[r] = Math.min(radius[r] * (1 - gamma), search.distance(rows[r]));
                } else if (search.isBroken(rows[r])) {
                    radius[r] *= 1 + gamma;
                } else if (dual > 0) {
                    // A hair beyond: the estimate for a linear model is the boundary itself.
                    radius[r] = (norm.length(x, at, clean, in, n) - difference / dual) * BEYOND;
                }
                if (square > 0) {
                    double scale = alpha / Math.sqrt(square);
                    for (int i = 0; i < n; i++) {
                        x[at + i] = (float) (x[at + i] + scale * slope.gradient()[gi + i]);
                    }
                }
                // Before the first estimate there is no ball, only the bounds.
                double ball = Math.min(Math.max(radius[r], SMALLEST), Float.MAX_VALUE / 4);
                Ball around = new Ball(norm, ball, search.bounds, n);
                around.box(clean, in, low, high, 0);
                System.arraycopy(x, at, point, 0, n);
                around.project(point, 0, clean, in, low, high);
                System.arraycopy(point, 0, x, at, n);
            }
            if (step == steps - 1) {
                search.ask(rows, numbers, x);
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
            int[] kept = search.farther(rows, enough);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                x = Search.pick(x, n, kept);
                radius = Search.pick(radius, kept);
            }
        }
        return search.result(Double.POSITIVE_INFINITY);
    }
}
