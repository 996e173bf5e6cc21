// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * The attack of Carlini and Wagner in L∞: the largest change is pressed down step by step. {@link Fab} and {@link Fmn} come as
 * near with far fewer gradients.
 *
 * <p>Guarantee: as {@link Attack}. The distance is an upper bound of that of the nearest adversarial example, and no finer than
 * the factor by which τ falls.
 *
 * <p>It minimises c · max(−margin(x), 0) + Σ_i max(|x_i − x₀_i| − τ, 0) by Adam in the variables of {@link CarliniWagnerL2}. Where the loss
 * comes below c / 10 000 with an adversarial x, τ ← 0.9 min(τ, ‖x − x₀‖∞), and it goes on from x; otherwise c doubles after the
 * last iteration, or, unlike in the authors' code, when the loss has not fallen by 0.01 % within a tenth of them. It ends for
 * a row when c is at its largest or τ below the resolution. Every row has its own τ and c and its own pace.
 *
 * <p>Source: Carlini, Wagner, Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017, section VI-C; numbers are those of
 * the authors' code. Clause 7.3.2-5.
 *
 * @param steps most Adam iterations for each τ and c; at least 1
 * @param rate learning rate, in units of w; positive and finite
 * @param weight first c; positive and finite
 * @param largest c at which it gives up; at least {@code weight}, finite
 * @param decrease factor by which τ falls; in (0, 1)
 * @param resolution τ below which it ends, in units of the inputs; positive and finite
 */
public record CarliniWagnerLinf(
        int steps, double rate, double weight, double largest, double decrease, double resolution)
        implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double DONE = 1e-4;
    private static final double FACTOR = 2;

    /** Checks the components. */
    public CarliniWagnerLinf {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        Pgd.requirePositive("rate", rate);
        Pgd.requirePositive("weight", weight);
        if (!(largest >= weight && largest < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("largest must be >= " + weight + " and finite, was " + largest);
        }
        if (!(decrease > 0 && decrease < 1)) {
            throw new IllegalArgumentException("decrease must be in (0, 1), was " + decrease);
        }
        Pgd.requirePositive("resolution", resolution);
    }

    /**
     * At most 1000 iterations, learning rate 0.005, c from 0.00001 to 20, τ falls by 0.9 down to 1/256.
     *
     * @return the attack
     */
    public static CarliniWagnerLinf of() {
        return new CarliniWagnerLinf(1000, 5e-3, 1e-5, 20, 0.9, 1.0 / 256);
    }

    /**
     * The same attack with another limit of iterations.
     *
     * @param count most iterations for each τ and c
     * @return the attack
     */
    public CarliniWagnerLinf withSteps(int count) {
        return new CarliniWagnerLinf(count, rate, weight, largest, decrease, resolution);
    }

    /**
     * The same attack with another path of τ.
     *
     * @param factor by which τ falls
     * @param last τ below which it ends
     * @return the attack
     */
    public CarliniWagnerLinf withDecrease(double factor, double last) {
        return new CarliniWagnerLinf(steps, rate, weight, largest, factor, last);
    }

    @Override
    public Norm norm() {
        return Norm.LINF;
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = Search.nearest(model, inputs, goal, Norm.LINF);
        search.enough = enough;
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
        AdamSteps adam = new AdamSteps(rate, rows.length, n);
        Press press = new Press(rows.length);
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
                double penalty = Math.max(-search.margin(slope.logits(), r, rows[r]), 0);
                double total = press.weight[r] * penalty + excess(x, clean, press.tau[r], r * n, n);
                boolean there = search.succeeds(slope.logits(), r, rows[r]);
                boolean goesOn;
                if (there && total < DONE * press.weight[r]) {
                    goesOn = press.succeeded(r, Norm.LINF.length(x, r * n, clean, r * n, n));
                    adam.reset(r);
                } else {
                    goesOn = press.tried(r, total);
                    float pull = there ? 0 : sign * (float) press.weight[r];
                    gradient(slope.gradient(), slope.offset(), pull, press.tau[r], x, clean, slopes, r * n, n);
                    adam.step(r, press.count[r], w, slopes);
                }
                if (goesOn && !search.isDone(rows[r])) {
                    kept[count++] = r;
                } else {
                    search.tried(rows[r], x, r * n);
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
                press.keep(kept);
                adam.keep(kept);
            }
        }
    }

    private static double excess(float[] x, float[] clean, double tau, int at, int n) {
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += Math.max(Math.abs((double) x[i] - clean[i]) - tau, 0);
        }
        return sum;
    }

    /** Turns the derivatives of x into the gradient of the loss with respect to w. */
    private static void gradient(
            float[] g, int offset, float pull, double tau, float[] x, float[] clean, float[] slopes, int at, int n) {
        float limit = (float) tau;
        for (int i = at; i < at + n; i++) {
            float d = x[i] - clean[i];
            slopes[i] *= pull * g[offset + i] + (Math.abs(d) > limit ? Math.signum(d) : 0);
        }
    }

    /** τ and c of each row, and how far their optimisation has come. */
    private final class Press {
        private double[] tau;
        private double[] weight;
        /** Adam steps since the last success. */
        private int[] count;

        private int[] iteration;
        private double[] previous;

        Press(int rows) {
            tau = new double[rows];
            Arrays.fill(tau, Double.POSITIVE_INFINITY);
            weight = new double[rows];
            Arrays.fill(weight, CarliniWagnerLinf.this.weight);
            count = new int[rows];
            iteration = new int[rows];
            previous = new double[rows];
            Arrays.fill(previous, Double.POSITIVE_INFINITY);
        }

        /** Lowers τ; returns whether it is worth while. */
        boolean succeeded(int r, double length) {
            tau[r] = decrease * Math.min(tau[r], length);
            count[r] = 0;
            restart(r);
            return tau[r] > resolution;
        }

        /** Notes an iteration without success; returns whether there may be another. */
        boolean tried(int r, double loss) {
            boolean rests = false;
            if (iteration[r] % Math.max(1, (steps + 9) / 10) == 0) {
                rests = loss > 0.9999 * previous[r];
                previous[r] = loss;
            }
            iteration[r]++;
            count[r]++;
            if (rests || iteration[r] >= steps) {
                weight[r] *= FACTOR;
                restart(r);
            }
            return weight[r] < largest;
        }

        private void restart(int r) {
            iteration[r] = 0;
            previous[r] = Double.POSITIVE_INFINITY;
        }

        void keep(int[] kept) {
            tau = Search.pick(tau, kept);
            weight = Search.pick(weight, kept);
            count = Search.pick(count, kept);
            iteration = Search.pick(iteration, kept);
            previous = Search.pick(previous, kept);
        }
    }
}
