// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.smoothing.GaussianNoise;

/**
 * Decoupled direction and norm: gradient steps on a sphere around the clean input, whose radius shrinks by a factor after
 * every step that finds the sample adversarial and grows after every other. Near the results of {@link CarliniWagnerL2}
 * for a fraction of the gradients.
 *
 * <p>Guarantee: as {@link Attack}. The distance is an upper bound of that of the nearest adversarial example, about γ above
 * what the walk converges to. One gradient for each step and row.
 *
 * <p>δ ← δ ± α g / ‖g‖₂ with the gradient g of the loss; ρ ← (1 ∓ γ) ρ; x = clip(x₀ + ρ δ / ‖δ‖₂). α falls from ρ₀ to ρ₀ / 100
 * along half a cosine. Where g is zero, a random direction takes its place. The
 * paper's loss is cross-entropy, which pulls towards all classes that are likely at the boundary; where several are, the
 * margin comes nearer.
 *
 * <p>Source: Rony, Hafemann, Oliveira, Ben Ayed, Sabourin, Granger, Decoupling Direction and Norm for Efficient
 * Gradient-Based L2 Adversarial Attacks and Defenses, CVPR 2019, algorithm 1, without its quantisation to 8 bits: a model here
 * does not say what a level is. Clause 7.3.2-5.
 *
 * @param steps gradient steps; at least 1; the paper uses 100 to 1000
 * @param radius ρ₀, radius of the first sphere and length of the first step, in units of the inputs; positive and finite;
 *     the paper's 1 is for values in [0, 1]
 * @param gamma γ in (0, 1), share by which the radius changes
 * @param loss what to increase for the true label (avoid), or to decrease for the target (reach)
 * @param seed seed of the directions that replace a gradient of zero
 */
public record Ddn(int steps, double radius, double gamma, Loss loss, Seed seed)
        implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double LAST = 0.01;

    /** Checks the components. */
    public Ddn {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        Pgd.requirePositive("radius", radius);
        if (!(gamma > 0 && gamma < 1)) {
            throw new IllegalArgumentException("gamma must be in (0, 1), was " + gamma);
        }
    }

    /**
     * 100 steps, ρ₀ = 1, γ = 0.05.
     *
     * @return the attack
     */
    public static Ddn of() {
        return new Ddn(100, 1, 0.05, new CrossEntropyLoss(), new Seed(0));
    }

    /**
     * The same attack with another number of steps.
     *
     * @param count gradient steps
     * @return the attack
     */
    public Ddn withSteps(int count) {
        return new Ddn(count, radius, gamma, loss, seed);
    }

    /**
     * The same attack from another radius: for inputs that are not in [0, 1].
     *
     * @param first radius of the first sphere
     * @return the attack
     */
    public Ddn withRadius(double first) {
        return new Ddn(steps, first, gamma, loss, seed);
    }

    /**
     * The same attack with another loss.
     *
     * @param other the loss
     * @return the attack
     */
    public Ddn withLoss(Loss other) {
        return new Ddn(steps, radius, gamma, other, seed);
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
        int[] rows = search.all();
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
        double[] rho = new double[rows.length];
        double[] farthest = new double[rows.length];
        double[] delta = new double[n];
        for (int r = 0; r < rows.length; r++) {
            rho[r] = radius;
            farthest[r] = Box.farthest(Norm.L2, search.bounds, search.inputs.array(), search.start(rows[r]), n);
        }
        for (int step = 0; step <= steps && rows.length > 0; step++) {
            if (step == steps) {
                search.ask(rows, numbers, x);
                break;
            }
            Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
            int[] predicted = Logits.argmax(slope.logits());
            double alpha = radius * (LAST + (1 - LAST) * (1 + Math.cos(Math.PI * step / steps)) / 2);
            for (int r = 0; r < rows.length; r++) {
                boolean adversarial = search.goal.achieved(rows[r], predicted[r]);
                rho[r] = Math.min(rho[r] * (adversarial ? 1 - gamma : 1 + gamma), farthest[r]);
                turn(search, rows[r], step, slope.gradient(), slope.offset() + r * n, alpha, x, r * n, delta);
                place(search, rows[r], rho[r], delta, x, r * n);
            }
            int[] kept = search.undone(rows);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                numbers = search.numbers(rows);
                targets = targets.select(kept);
                x = Search.pick(x, n, kept);
                rho = Search.pick(rho, kept);
                farthest = Search.pick(farthest, kept);
            }
        }
        for (int r = 0; r < rows.length; r++) {
            search.tried(rows[r], x, r * n);
        }
    }

    /** δ after a step along the gradient. */
    private void turn(
            Search search, int row, int step, float[] g, int gi, double alpha, float[] x, int at, double[] delta) {
        int n = search.n;
        float[] clean = search.inputs.array();
        int in = search.start(row);
        double square = 0;
        for (int i = 0; i < n; i++) {
            square += (double) g[gi + i] * g[gi + i];
        }
        double scale = (search.goal.targeted() ? -alpha : alpha) / Math.sqrt(square);
        if (square > 0) {
            for (int i = 0; i < n; i++) {
                delta[i] = (double) x[at + i] - clean[in + i] + scale * g[gi + i];
            }
            return;
        }
        GaussianNoise normal = new GaussianNoise(seed.derive("ddn-" + step).generator(search.inputs.rowNumber(row)));
        double[] direction = new double[n];
        for (int i = 0; i < n; i++) {
            direction[i] = normal.next();
            square += direction[i] * direction[i];
        }
        for (int i = 0; i < n; i++) {
            delta[i] = (double) x[at + i] - clean[in + i] + alpha / Math.sqrt(square) * direction[i];
        }
    }

    /** x on the sphere, clipped. */
    private static void place(Search search, int row, double rho, double[] delta, float[] x, int at) {
        float[] clean = search.inputs.array();
        int in = search.start(row);
        double square = 0;
        for (double d : delta) {
            square += d * d;
        }
        double scale = square > 0 ? rho / Math.sqrt(square) : 0;
        for (int i = 0; i < search.n; i++) {
            x[at + i] = search.bounds.clip(i, (float) (clean[in + i] + scale * delta[i]));
        }
    }
}
