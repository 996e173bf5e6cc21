// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;

/**
 * The fast minimum-norm attack: projected gradient ascent of the margin in a ball that adapts to what was found. Fast, without
 * tuning, in each norm.
 *
 * <p>Guarantee: as {@link Attack}. The distance is an upper bound of that of the nearest adversarial example. One gradient for
 * each step and row.
 *
 * <p>With the margin f and its gradient g at x₀ + δ: as long as nothing was found, ε ← (1 + γ) max(ε, ‖δ‖ + |f| / ‖g‖) with the dual norm of g
 * (the paper takes ‖δ‖ + |f| / ‖g‖, which never crosses the boundary of a linear model, and stops short of it where the box
 * cuts δ); then ε ← min((1 − γ) ε, nearest) if δ is adversarial and (1 + γ) ε if not. δ ← Π(δ + α g / ‖g‖₂), where Π projects onto the ball of radius ε
 * and the box. α falls along half a cosine to a hundredth, γ to 0.001.
 *
 * <p>Source: Pintor, Roli, Brendel, Biggio, Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints, NeurIPS
 * 2021, algorithm 1. Clause 7.3.2-5.
 *
 * @param norm L1, L2 or L∞
 * @param steps gradient steps; at least 1; the paper uses 100 to 1000
 * @param alpha α₀, length of the first step in L2, in units of the inputs; positive and finite; 1 for values in [0, 1]
 * @param gamma γ₀ in (0, 1), share by which the radius changes at first
 */
public record Fmn(Norm norm, int steps, double alpha, double gamma)
        implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double LAST = 0.01;
    private static final double LAST_GAMMA = 0.001;

    /** Checks the components. */
    public Fmn {
        Ball.requireNorm(norm);
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        Pgd.requirePositive("alpha", alpha);
        if (!(gamma > 0 && gamma < 1)) {
            throw new IllegalArgumentException("gamma must be in (0, 1), was " + gamma);
        }
    }

    /**
     * 100 steps, α₀ = 1, γ₀ = 0.05.
     *
     * @param norm L1, L2 or L∞
     * @return the attack
     */
    public static Fmn of(Norm norm) {
        return new Fmn(norm, 100, 1, 0.05);
    }

    /**
     * The same attack with another number of steps.
     *
     * @param count gradient steps
     * @return the attack
     */
    public Fmn withSteps(int count) {
        return new Fmn(norm, count, alpha, gamma);
    }

    /**
     * The same attack with another first step: for inputs that are not in [0, 1].
     *
     * @param first length of the first step in L2
     * @return the attack
     */
    public Fmn withAlpha(double first) {
        return new Fmn(norm, steps, first, gamma);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = Search.nearest(model, inputs, goal, norm);
        search.enough = enough;
        int[] rows = search.all();
        if (rows.length > 0) {
            walk(model, search, rows);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private void walk(DifferentiableClassifier model, Search search, int[] all) {
        int n = search.n;
        int[] rows = all;
        float[] clean = search.inputs.array();
        Batch numbers = search.numbers(rows);
        Targets targets = search.goal.targets(rows);
        Loss loss = new MarginLoss();
        double sign = search.goal.targeted() ? -1 : 1;
        float[] x = search.inputsOf(rows);
        double[] epsilon = new double[rows.length];
        double[] farthest = new double[rows.length];
        float[] low = new float[n];
        float[] high = new float[n];
        for (int r = 0; r < rows.length; r++) {
            farthest[r] = Box.farthest(norm, search.bounds, clean, search.start(rows[r]), n);
        }
        for (int step = 0; step <= steps && rows.length > 0; step++) {
            if (step == steps) {
                search.ask(rows, numbers, x);
                break;
            }
            Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
            int[] predicted = Logits.argmax(slope.logits());
            double fall = (1 + Math.cos(Math.PI * step / steps)) / 2;
            double length = alpha * (LAST + (1 - LAST) * fall);
            double share = LAST_GAMMA + (gamma - LAST_GAMMA) * fall;
            for (int r = 0; r < rows.length; r++) {
                int row = rows[r];
                int at = r * n;
                int from = slope.offset() + at;
                float[] g = slope.gradient();
                double euclid = Hyperplane.dual(Norm.L2, g, from, n);
                if (search.goal.achieved(row, predicted[r])) {
                    epsilon[r] = Math.min(epsilon[r] * (1 - share), search.distance(row));
                } else if (search.isBroken(row)) {
                    epsilon[r] *= 1 + share;
                } else if (euclid > 0) {
                    double f = Math.abs(slope.loss()[r]);
                    boolean tie = f <= search.least(slope.logits(), r);
                    double way = tie ? Boundaries.nudge(x, at, n) : f / Hyperplane.dual(norm, g, from, n);
                    double estimate = norm.length(x, at, clean, search.start(row), n) + way;
                    epsilon[r] = Math.max(epsilon[r], estimate) * (1 + share);
                }
                epsilon[r] = Math.min(epsilon[r], farthest[r]);
                double scale = euclid > 0 ? sign * length / euclid : 0;
                for (int i = 0; i < n; i++) {
                    x[at + i] = (float) (x[at + i] + scale * g[from + i]);
                }
                Ball ball = new Ball(norm, epsilon[r], search.bounds, n);
                ball.box(clean, search.start(row), low, high, 0);
                project(ball, x, at, clean, search.start(row), low, high);
            }
            int[] kept = search.undone(rows);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                numbers = search.numbers(rows);
                targets = targets.select(kept);
                x = Search.pick(x, n, kept);
                epsilon = Search.pick(epsilon, kept);
                farthest = Search.pick(farthest, kept);
            }
        }
        for (int r = 0; r < rows.length; r++) {
            search.tried(rows[r], x, r * n);
        }
    }

    private static void project(Ball ball, float[] x, int at, float[] clean, int in, float[] low, float[] high) {
        float[] z = java.util.Arrays.copyOfRange(x, at, at + low.length);
        ball.project(z, 0, clean, in, low, high);
        System.arraycopy(z, 0, x, at, low.length);
    }
}
