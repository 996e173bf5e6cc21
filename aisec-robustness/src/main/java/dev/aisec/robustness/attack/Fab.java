// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * The Fast Adaptive Boundary attack: it walks along the decision boundary towards the clean input.
 *
 * <p>Guarantee: as {@link Attack}. The distance is an upper bound of that of the nearest adversarial example.
 *
 * <p>In each step π, the hyperplane of the nearest boundary of the model linearised at x, is met from x and from the clean x₀
 * by the shortest ways inside the box, d and d₀; then x ← (1 − α) (x + η d) + α (x₀ + η d₀) with α = min(‖d‖ / (‖d‖ + ‖d₀‖),
 * α_max). Where x is adversarial it is kept if it is the nearest, and x ← x₀ + β (x − x₀). At the end three steps of a secant on the
 * line from x₀ to the nearest sample come closer to the boundary.
 *
 * <p>With {@code classes} = 0 all boundaries are looked at in each step, which costs a gradient for each class but the label.
 * FAB-T ({@link #targeted}) walks along the boundary to one of the likeliest wrong classes after another, with one gradient a
 * step; any wrong class counts. To reach a class, the boundary is that between it and the strongest other.
 *
 * <p>Source: Croce, Hein, Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020, algorithm
 * 1; FAB-T: Croce, Hein, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks,
 * ICML 2020. A start after the first is drawn from the ball around x₀ with half the smallest distance found so far as
 * radius; where none was found, half the distance of the linearised boundary at x₀. Clause 7.3.2-5.
 *
 * @param norm L1, L2 or L∞
 * @param steps steps of each start; at least 1
 * @param starts the first from the clean input, the others random; at least 1
 * @param classes 0 for all boundaries at once, else how many wrong classes FAB-T tries, those with the largest logits first
 * @param motion how far a step goes
 * @param seed seed of the random starts
 */
public record Fab(Norm norm, int steps, int starts, int classes, Motion motion, Seed seed)
        implements MinimumNormAttack<DifferentiableClassifier> {
    /** Steps of the final search. */
    private static final int SECANT = 3;

    /** Shares of lengths below this, over the sum, are 0. */
    private static final double SMALLEST = 1e-8;

    /**
     * How far a step goes.
     *
     * @param alphaMax most weight of the way from the clean input; in [0, 1]
     * @param eta extrapolation beyond the boundary; at least 1 and finite
     * @param beta how far back towards the clean input an adversarial point is taken; in (0, 1)
     */
    public record Motion(double alphaMax, double eta, double beta) {
        /** α_max = 0.1, η = 1.05, β = 0.9: the paper's, section 3. */
        public static final Motion DEFAULT = new Motion(0.1, 1.05, 0.9);

        /** Checks the components. */
        public Motion {
            if (!(alphaMax >= 0 && alphaMax <= 1)) {
                throw new IllegalArgumentException("alphaMax must be in [0, 1], was " + alphaMax);
            }
            if (!(eta >= 1 && eta < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("eta must be >= 1 and finite, was " + eta);
            }
            if (!(beta > 0 && beta < 1)) {
                throw new IllegalArgumentException("beta must be in (0, 1), was " + beta);
            }
        }
    }

    /** Checks the components. */
    public Fab {
        Ball.requireNorm(norm);
        if (steps < 1 || starts < 1) {
            throw new IllegalArgumentException("steps and starts must be >= 1, were " + steps + " and " + starts);
        }
        if (classes < 0) {
            throw new IllegalArgumentException("classes must be >= 0, was " + classes);
        }
    }

    /**
     * FAB: 100 steps from the clean input, all boundaries at once.
     *
     * @param norm L1, L2 or L∞
     * @return the attack
     */
    public static Fab of(Norm norm) {
        return new Fab(norm, 100, 1, 0, Motion.DEFAULT, new Seed(0));
    }

    /**
     * FAB-T as in AutoAttack: 100 steps along the boundary to each of nine classes.
     *
     * @param norm L1, L2 or L∞
     * @return the attack
     */
    public static Fab targeted(Norm norm) {
        return new Fab(norm, 100, 1, 9, Motion.DEFAULT, new Seed(0));
    }

    /**
     * The same attack with another number of steps.
     *
     * @param count steps of each start
     * @return the attack
     */
    public Fab withSteps(int count) {
        return new Fab(norm, count, starts, classes, motion, seed);
    }

    /**
     * The same attack with another number of starts.
     *
     * @param count the first from the clean input, the others random
     * @return the attack
     */
    public Fab withStarts(int count) {
        return new Fab(norm, steps, count, classes, motion, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Fab withSeed(Seed other) {
        return new Fab(norm, steps, starts, classes, motion, other);
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
            new Walk(model, search, rows).run();
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    /** One call. */
    private final class Walk {
        private final Search search;
        private final int n;
        /** The rows with something to do, and what belongs to them, one after the other. */
        private final int[] all;

        private final Batch numbers;
        private final Targets targets;
        private final float[] clean;
        private final Batch cleanLogits;
        private final Boundaries boundaries;
        private final Hyperplane hyperplane;
        private final double[] linear;
        /** The rows that still walk, where they stand in {@code all}, and what belongs to them. */
        private int[] rows;

        private int[] at;
        private Batch some;
        private Targets their;
        private int[][] theirRivals;
        private float[] x;

        Walk(DifferentiableClassifier model, Search search, int[] rows) {
            this.search = search;
            this.all = rows;
            this.rows = rows;
            n = search.n;
            numbers = search.numbers(rows);
            targets = search.goal.targets(rows);
            clean = search.inputsOf(rows);
            cleanLogits = search.ask(rows, numbers, clean);
            boundaries = new Boundaries(model, search, norm);
            hyperplane = new Hyperplane(norm, search.bounds, n);
            linear = new double[rows.length];
            at = new int[0];
            some = numbers;
            their = targets;
            theirRivals = new int[0][];
            x = clean;
        }

        void run() {
            int wrong = search.spec.classes() - 1;
            int[][] rivals = search.goal.targeted()
                    ? new int[1][all.length]
                    : Boundaries.rivals(cleanLogits, targets, classes == 0 ? wrong : classes);
            boolean together = classes == 0 || search.goal.targeted();
            for (int start = 0; start < starts; start++) {
                if (together) {
                    walk(rivals, start, "fab-start-" + start);
                } else {
                    for (int k = 0; k < rivals.length; k++) {
                        walk(new int[][] {rivals[k]}, start, "fab-start-" + start + "-" + k);
                    }
                }
            }
            secant();
        }

        private void walk(int[][] rivals, int start, String stream) {
            rows = all;
            at = new int[all.length];
            Arrays.setAll(at, r -> r);
            some = numbers;
            their = targets;
            theirRivals = rivals;
            x = clean.clone();
            int[] undone = search.undone(rows);
            if (undone != null) {
                keep(undone);
            }
            if (start > 0) {
                for (int r = 0; r < rows.length; r++) {
                    jump(r, at[r], stream);
                }
            }
            double[] fromX = new double[n];
            double[] fromClean = new double[n];
            for (int step = 0; step < steps && rows.length > 0; step++) {
                boundaries.clear(rows.length);
                for (int[] rival : theirRivals) {
                    boundaries.look(rows, some, x, their, rival);
                }
                if (start == 0 && step == 0) {
                    for (int r = 0; r < rows.length; r++) {
                        // FAB-T begins once for each class: the nearest of their boundaries counts.
                        double d = boundaries.distance[r];
                        linear[at[r]] = linear[at[r]] > 0 ? Math.min(linear[at[r]], d) : d;
                    }
                }
                int[] kept = new int[rows.length];
                int count = 0;
                for (int r = 0; r < rows.length; r++) {
                    if (boundaries.distance[r] == Double.POSITIVE_INFINITY) {
                        // No gradient, no way on: x stays where it is for good.
                        search.tried(rows[r], x, r * n);
                    } else if (!search.isDone(rows[r])) {
                        move(r, at[r], fromX, fromClean);
                        kept[count++] = r;
                    }
                }
                if (count < rows.length) {
                    keep(Arrays.copyOf(kept, count));
                    if (count == 0) {
                        return;
                    }
                }
                int[] predicted = Logits.argmax(search.ask(rows, some, x));
                for (int r = 0; r < rows.length; r++) {
                    if (search.goal.achieved(rows[r], predicted[r])) {
                        back(r * n, at[r] * n);
                    }
                }
                int[] left = search.undone(rows);
                if (left != null) {
                    keep(left);
                }
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
        }

        private void keep(int[] kept) {
            rows = Search.pick(rows, kept);
            at = Search.pick(at, kept);
            some = search.numbers(rows);
            their = their.select(kept);
            x = Search.pick(x, n, kept);
            int[][] fewer = new int[theirRivals.length][];
            for (int k = 0; k < fewer.length; k++) {
                fewer[k] = Search.pick(theirRivals[k], kept);
            }
            theirRivals = fewer;
        }

        private void move(int r, int c, double[] fromX, double[] fromClean) {
            int xi = r * n;
            int ci = c * n;
            float[] w = boundaries.normal;
            double gap = 0;
            for (int i = 0; i < n; i++) {
                gap += w[xi + i] * ((double) clean[ci + i] - x[xi + i]);
            }
            double f = -boundaries.gain(r, x);
            double a = Math.max(hyperplane.step(x, xi, w, xi, -f, fromX), SMALLEST);
            double b = Math.max(hyperplane.step(clean, ci, w, xi, -f - gap, fromClean), SMALLEST);
            double alpha = Math.min(a / (a + b), motion.alphaMax());
            for (int i = 0; i < n; i++) {
                double moved = (1 - alpha) * (x[xi + i] + motion.eta() * fromX[i])
                        + alpha * (clean[ci + i] + motion.eta() * fromClean[i]);
                x[xi + i] = search.bounds.clip(i, (float) moved);
            }
        }

        private void back(int xi, int ci) {
            for (int i = 0; i < n; i++) {
                double c = clean[ci + i];
                x[xi + i] = search.bounds.clip(i, (float) (c + motion.beta() * (x[xi + i] - c)));
            }
        }

        private void jump(int r, int c, String stream) {
            double reach = search.isBroken(rows[r]) ? search.distance(rows[r]) : linear[c];
            double farthest = Box.farthest(norm, search.bounds, clean, c * n, n);
            double radius = Math.min(reach, farthest) / 2;
            if (!(radius > 0 && radius < Double.POSITIVE_INFINITY)) {
                radius = 0.5;
            }
            Ball ball = new Ball(norm, radius, search.bounds, n);
            ball.randomPoint(seed.derive(stream).generator(search.inputs.rowNumber(rows[r])), x, r * n);
            for (int i = 0; i < n; i++) {
                x[r * n + i] = search.bounds.clip(i, x[r * n + i]);
            }
        }

        /** The final search: regula falsi for the margin on the line from the clean input to the nearest sample. */
        private void secant() {
            int count = 0;
            int[] kept = new int[all.length];
            for (int r = 0; r < all.length; r++) {
                if (search.isBroken(all[r]) && !search.isDone(all[r])) {
                    kept[count++] = r;
                }
            }
            if (count == 0) {
                return;
            }
            kept = Arrays.copyOf(kept, count);
            int[] broken = Search.pick(all, kept);
            Batch some = search.numbers(broken);
            float[] far = new float[count * n];
            float[] near = Search.pick(clean, n, kept);
            float[] middle = new float[count * n];
            double[] below = new double[count];
            double[] above = new double[count];
            for (int r = 0; r < count; r++) {
                search.copySample(broken[r], far, r * n);
                below[r] = search.margin(cleanLogits, kept[r], broken[r]);
            }
            Batch logits = search.ask(broken, some, far);
            for (int r = 0; r < count; r++) {
                above[r] = search.margin(logits, r, broken[r]);
            }
            double[] aim = new double[count];
            for (int r = 0; r < count; r++) {
                // On the boundary itself a sample is not safe.
                aim[r] = 2 * search.least(logits, r);
            }
            for (int step = 0; step < SECANT; step++) {
                for (int r = 0; r < count; r++) {
                    double t = (aim[r] - below[r]) / (above[r] - below[r]);
                    double share = t >= 0 && t <= 1 ? t : 1;
                    for (int i = r * n; i < r * n + n; i++) {
                        double between = near[i] + share * ((double) far[i] - near[i]);
                        middle[i] = search.bounds.clip(i - r * n, (float) between);
                    }
                }
                logits = search.ask(broken, some, middle);
                for (int r = 0; r < count; r++) {
                    boolean adversarial = search.succeeds(logits, r, broken[r]);
                    System.arraycopy(middle, r * n, adversarial ? far : near, r * n, n);
                    (adversarial ? above : below)[r] = search.margin(logits, r, broken[r]);
                }
            }
        }
    }
}
