// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Auto-PGD: projected gradient ascent with momentum, whose step size falls by half, and which goes back to the best point,
 * when the loss does not rise often enough. There is no step size to choose.
 *
 * <p>Guarantee: as {@link Pgd}: samples lie inside ball and bounds, float rounding included; broken rows are not queried any
 * more; what is returned was confirmed. It gives an upper bound of robust accuracy, not a proof.
 *
 * <p>Source: Croce, Hein, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks,
 * ICML 2020, algorithm 1: first step 2ε, α = 0.75, ρ = 0.75, checkpoints p ← p + max(Δp − 0.03, 0.06) from 0 and 0.22. In L1
 * steps are those of {@link Ball}, not the authors' later variant for L1. Clause 7.3.2-5.
 *
 * @param norm norm of the ball; L1, L2 or L∞
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param steps gradient steps of each start; at least 1; Croce and Hein use 100
 * @param starts random starts; at least 1
 * @param loss what to increase for the true label (avoid), or to decrease for the target (reach)
 * @param seed seed of the starts
 */
public record Apgd(Norm norm, double epsilon, int steps, int starts, Loss loss, Seed seed)
        implements BallAttack<DifferentiableClassifier> {
    private static final double ALPHA = 0.75;
    private static final double RHO = 0.75;

    /** Checks the components. */
    public Apgd {
        Ball.requireNorm(norm);
        Pgd.requireRadius(epsilon);
        if (steps < 1 || starts < 1) {
            throw new IllegalArgumentException("steps and starts must be >= 1, were " + steps + " and " + starts);
        }
    }

    /**
     * 100 steps from one start with cross-entropy: APGD-CE.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Apgd ce(Norm norm, double epsilon) {
        return new Apgd(norm, epsilon, 100, 1, new CrossEntropyLoss(), new Seed(0));
    }

    /**
     * 100 steps from one start with the difference of logits ratio: APGD-DLR.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Apgd dlr(Norm norm, double epsilon) {
        return new Apgd(norm, epsilon, 100, 1, new DlrLoss(), new Seed(0));
    }

    @Override
    public Apgd withEpsilon(double other) {
        return new Apgd(norm, other, steps, starts, loss, seed);
    }

    /**
     * The same attack with another number of steps.
     *
     * @param count steps of each start
     * @return the attack
     */
    public Apgd withSteps(int count) {
        return new Apgd(norm, epsilon, count, starts, loss, seed);
    }

    /**
     * The same attack with another number of starts.
     *
     * @param count random starts
     * @return the attack
     */
    public Apgd withStarts(int count) {
        return new Apgd(norm, epsilon, steps, count, loss, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Apgd withSeed(Seed other) {
        return new Apgd(norm, epsilon, steps, starts, loss, other);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        for (int start = 0; start < starts; start++) {
            int[] rows = search.open();
            if (rows.length > 0) {
                run(model, search, rows, goal.targets(rows), "apgd-start-" + start);
            }
        }
        return search.result(epsilon);
    }

    /** One start on the rows given, with a loss that the caller's targets may carry columns for. */
    void run(DifferentiableClassifier model, Search search, int[] rows, Targets targets, String stream) {
        new Climb(model, search, rows, targets, stream).climb();
    }

    /** The state of one start; arrays hold the rows that are still open, one after the other. */
    private final class Climb {
        private final DifferentiableClassifier model;
        private final Search search;
        private final Ball ball;
        private final int n;
        private final double sign;
        private final float[] clean;
        private int[] rows;
        private Targets targets;
        private Batch numbers;
        private float[] x;
        private float[] low;
        private float[] high;
        private float[] gradient;
        private float[] best;
        private float[] bestGradient;
        private float[] previous;
        private double[] value;
        private double[] bestValue;
        private double[] eta;
        private double[] rises;
        /** Best value and whether the step fell, at the checkpoint before. */
        private double[] checkedValue;

        private double[] fell;
        /** Scratch for one row. */
        private final float[] z;

        private final float[] lo;
        private final float[] hi;

        Climb(DifferentiableClassifier model, Search search, int[] rows, Targets targets, String stream) {
            this.model = model;
            this.search = search;
            this.rows = rows;
            this.targets = targets;
            n = search.n;
            ball = new Ball(norm, epsilon, search.bounds, n);
            sign = search.goal.targeted() ? -1 : 1;
            z = new float[n];
            lo = new float[n];
            hi = new float[n];
            clean = search.inputs.array();
            numbers = search.numbers(rows);
            x = search.inputsOf(rows);
            low = new float[x.length];
            high = new float[x.length];
            for (int r = 0; r < rows.length; r++) {
                ball.box(clean, search.start(rows[r]), low, high, r * n);
                RandomGenerator random = seed.derive(stream).generator(search.inputs.rowNumber(rows[r]));
                ball.randomPoint(random, x, r * n);
                ball.project(x, r * n, clean, search.start(rows[r]), low, high);
            }
            gradient = new float[0];
            best = x.clone();
            bestGradient = new float[0];
            previous = x.clone();
            value = new double[rows.length];
            bestValue = new double[rows.length];
            eta = new double[rows.length];
            Arrays.fill(eta, 2 * epsilon);
            rises = new double[rows.length];
            checkedValue = new double[rows.length];
            fell = new double[rows.length];
            Arrays.fill(fell, 1);
        }

        void climb() {
            look(true);
            int checkpoint = (int) Math.ceil(0.22 * steps);
            int window = checkpoint;
            int smallest = Math.max(1, (int) Math.ceil(0.06 * steps));
            int shrink = Math.max(1, (int) Math.ceil(0.03 * steps));
            int since = 0;
            for (int step = 0; step < steps && rows.length > 0; step++) {
                for (int r = 0; r < rows.length; r++) {
                    move(r, step > 0);
                }
                if (step == steps - 1) {
                    // Nobody asks for the gradient of the last point.
                    search.ask(rows, numbers, x);
                    drop();
                    break;
                }
                look(false);
                since++;
                if (since == window) {
                    check(since);
                    since = 0;
                    window = Math.max(window - shrink, smallest);
                }
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], best, r * n);
            }
        }

        /** Asks for value and gradient at x, and keeps the best. */
        private void look(boolean first) {
            Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
            gradient = slope.offset() == 0 && slope.gradient().length == x.length
                    ? slope.gradient()
                    : Arrays.copyOfRange(slope.gradient(), slope.offset(), slope.offset() + x.length);
            for (int r = 0; r < rows.length; r++) {
                double now = sign * slope.loss()[r];
                rises[r] += !first && now > value[r] ? 1 : 0;
                value[r] = now;
            }
            if (first) {
                bestGradient = gradient.clone();
                bestValue = value.clone();
                checkedValue = value.clone();
            } else {
                for (int r = 0; r < rows.length; r++) {
                    if (value[r] > bestValue[r]) {
                        bestValue[r] = value[r];
                        System.arraycopy(x, r * n, best, r * n, n);
                        System.arraycopy(gradient, r * n, bestGradient, r * n, n);
                    }
                }
            }
            drop();
        }

        /** Leaves out the rows that are broken. */
        private void drop() {
            int[] kept = search.keep(rows);
            if (kept == null) {
                return;
            }
            rows = Search.pick(rows, kept);
            targets = targets.select(kept);
            numbers = search.numbers(rows);
            x = Search.pick(x, n, kept);
            low = Search.pick(low, n, kept);
            high = Search.pick(high, n, kept);
            gradient = Search.pick(gradient, n, kept);
            best = Search.pick(best, n, kept);
            bestGradient = Search.pick(bestGradient, n, kept);
            previous = Search.pick(previous, n, kept);
            value = Search.pick(value, kept);
            bestValue = Search.pick(bestValue, kept);
            eta = Search.pick(eta, kept);
            rises = Search.pick(rises, kept);
            checkedValue = Search.pick(checkedValue, kept);
            fell = Search.pick(fell, kept);
        }

        /** x ← Π(x + α (Π(x + η d) − x) + (1 − α)(x − x before)). */
        private void move(int r, boolean momentum) {
            int at = r * n;
            int in = search.start(rows[r]);
            System.arraycopy(x, at, z, 0, n);
            System.arraycopy(low, at, lo, 0, n);
            System.arraycopy(high, at, hi, 0, n);
            ball.step(z, 0, gradient, at, sign * eta[r], lo, hi);
            ball.project(z, 0, clean, in, lo, hi);
            float a = momentum ? (float) ALPHA : 1f;
            float b = 1f - a;
            for (int i = 0; i < n; i++) {
                float now = x[at + i];
                z[i] = now + a * (z[i] - now) + b * (now - previous[at + i]);
                previous[at + i] = now;
            }
            ball.project(z, 0, clean, in, lo, hi);
            System.arraycopy(z, 0, x, at, n);
        }

        /** The two conditions under which the step is too long. */
        private void check(int since) {
            for (int r = 0; r < rows.length; r++) {
                boolean few = rises[r] < RHO * since;
                boolean stuck = fell[r] == 0 && bestValue[r] <= checkedValue[r];
                fell[r] = few || stuck ? 1 : 0;
                checkedValue[r] = bestValue[r];
                rises[r] = 0;
                if (few || stuck) {
                    eta[r] /= 2;
                    System.arraycopy(best, r * n, x, r * n, n);
                    System.arraycopy(best, r * n, previous, r * n, n);
                    System.arraycopy(bestGradient, r * n, gradient, r * n, n);
                    value[r] = bestValue[r];
                }
            }
        }
    }
}
