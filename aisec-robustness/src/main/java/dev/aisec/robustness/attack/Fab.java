// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Fast adaptive boundary attack, in its targeted form (FAB-T): for each of the likeliest wrong classes in turn, projections onto
 * the linearised boundary to that class, drawn towards the input, so that the adversarial example comes ever nearer.
 *
 * <p>Guarantee: samples lie inside the model's bounds; the distance is an upper bound of the true one; on a linear model it is
 * the true one up to the last step of the bisection. A row is broken by whatever class it goes to. A class to reach is neared
 * by the boundary to the likeliest other class, which may change from step to step: that is ours, not the paper's.
 *
 * <p>With d₁ and d₂ the shortest ways inside the bounds from the point and from the input to the boundary, a step is x ← (1 − α)
 * (x + η d₁) + α (x₀ + η d₂), α = min(‖d₁‖ / (‖d₁‖ + ‖d₂‖), 0.1), η = 1.05; and x ← x₀ + 0.9 (x − x₀) where that was adversarial.
 * At the end the nearest example found is drawn back towards the input by bisection.
 *
 * <p>Source: Croce, Hein, Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack, ICML 2020, algorithm 1;
 * targeted: Croce, Hein, ICML 2020 (AutoAttack), section 4. Clause 7.3.2-5.
 *
 * @param norm norm whose least value is looked for
 * @param steps steps towards each class from each start; at least 1; 100 in the ensemble
 * @param classes how many wrong classes to try, the likeliest first; at least 1; 9 in the ensemble
 * @param starts starts for each class: the first from the input, others from random points near it; at least 1
 * @param seed seed of the other starts
 */
public record Fab(Norm norm, int steps, int classes, int starts, Seed seed)
        implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double MOST_ALPHA = 0.1;
    private static final double ETA = 1.05;
    private static final double BETA = 0.9;
    private static final int BISECTIONS = 5;

    /** Checks the components. */
    public Fab {
        Ball.requireNorm(norm);
        if (steps < 1 || classes < 1 || starts < 1) {
            throw new IllegalArgumentException(
                    "steps, classes and starts must be >= 1, were " + steps + ", " + classes + " and " + starts);
        }
    }

    /**
     * 100 steps towards each of nine classes, one start: as in the AutoAttack ensemble.
     *
     * @param norm norm whose least value is looked for
     * @return the attack
     */
    public static Fab of(Norm norm) {
        return new Fab(norm, 100, 9, 1, new Seed(0));
    }

    /**
     * The same attack with another number of steps and classes.
     *
     * @param count steps towards each class
     * @param tried how many wrong classes to try
     * @return the attack
     */
    public Fab withSteps(int count, int tried) {
        return new Fab(norm, count, tried, starts, seed);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, norm);
        int[] all = search.open();
        if (all.length == 0) {
            return search.result(Double.POSITIVE_INFINITY);
        }
        int tried = goal.targeted() ? 1 : Math.min(classes, search.spec.classes() - 1);
        int[][] wrong = new int[inputs.size()][];
        if (!goal.targeted()) {
            Batch logits = search.ask(all, search.numbers(all), search.inputsOf(all));
            int[][] ranked = Logit.likeliestWrong(logits, goal.targets(all).labels(), tried);
            for (int r = 0; r < all.length; r++) {
                wrong[all[r]] = ranked[r];
            }
        }
        for (int start = 0; start < starts; start++) {
            for (int k = 0; k < tried; k++) {
                run(model, search, far(search, all, enough), wrong, k, start, enough);
            }
        }
        draw(search, far(search, search.broken(), enough));
        return search.result(Double.POSITIVE_INFINITY);
    }

    /** Rows that are not near enough yet. */
    private static int[] far(Search search, int[] rows, double enough) {
        int[] kept = search.farther(rows, enough);
        return kept == null ? rows : Search.pick(rows, kept);
    }

    private void run(
            DifferentiableClassifier model,
            Search search,
            int[] all,
            int[][] wrong,
            int rank,
            int start,
            double enough) {
        int n = search.n;
        int[] rows = all;
        float[] clean = search.inputs.array();
        float[] x = start == 0 ? search.inputsOf(rows) : around(search, rows, rank, start);
        float[] low = new float[n];
        float[] high = new float[n];
        for (int i = 0; i < n; i++) {
            low[i] = search.bounds.lower(i);
            high[i] = search.bounds.upper(i);
        }
        Hyperplane plane = new Hyperplane(norm, n);
        float[] own = new float[n];
        float[] back = new float[n];
        for (int step = 0; step < steps && rows.length > 0; step++) {
            Batch numbers = search.numbers(rows);
            int[] labels = search.goal.targets(rows).labels();
            int[][] ranked = new int[rows.length][];
            for (int r = 0; r < rows.length; r++) {
                ranked[r] = wrong[rows[r]];
            }
            Logit.Difference towards = search.goal.targeted()
                    ? Logit.Difference.toLabel(labels)
                    : Logit.Difference.to(ranked, rank, labels);
            Search.Slope slope = search.slope(model, rows, numbers, x, towards, Targets.of(labels));
            int[] predicted = Logits.argmax(slope.logits());
            for (int r = 0; r < rows.length; r++) {
                int at = r * n;
                int in = search.start(rows[r]);
                if (search.goal.achieved(rows[r], predicted[r])) {
                    // The gradient was taken here; the step goes on from the point drawn back, as the authors' does.
                    double shift = 0;
                    for (int i = 0; i < n; i++) {
                        float nearer = (float) (clean[in + i] + BETA * ((double) x[at + i] - clean[in + i]));
                        shift += (double) slope.gradient()[slope.offset() + at + i] * (nearer - x[at + i]);
                        x[at + i] = nearer;
                    }
                    slope.loss()[r] += shift;
                }
                move(plane, x, at, clean, in, slope, r, low, high, own, back);
            }
            if (step == steps - 1) {
                search.ask(rows, numbers, x);
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
            int[] kept = search.farther(rows, enough);
            if (kept != null) {
                x = Search.pick(x, n, kept);
                rows = Search.pick(rows, kept);
            }
        }
    }

    private void move(
            Hyperplane plane,
            float[] x,
            int at,
            float[] clean,
            int in,
            Search.Slope slope,
            int r,
            float[] low,
            float[] high,
            float[] own,
            float[] back) {
        int n = own.length;
        float[] w = slope.gradient();
        int wi = slope.offset() + r * n;
        double f = slope.loss()[r];
        double between = 0;
        for (int i = 0; i < n; i++) {
            between += (double) w[wi + i] * ((double) clean[in + i] - x[at + i]);
        }
        double a = plane.step(x, at, w, wi, -f, low, high, 0, own);
        double b = plane.step(clean, in, w, wi, -f - between, low, high, 0, back);
        double alpha = a + b > 0 ? Math.min(a / (a + b), MOST_ALPHA) : 0;
        for (int i = 0; i < n; i++) {
            double there = (1 - alpha) * (x[at + i] + ETA * own[i]) + alpha * (clean[in + i] + ETA * back[i]);
            x[at + i] = Math.min(Math.max((float) there, low[i]), high[i]);
        }
    }

    /** Random points at half the distance of the nearest example found; around the input itself where none was found. */
    private float[] around(Search search, int[] rows, int rank, int start) {
        int n = search.n;
        float[] x = search.inputsOf(rows);
        for (int r = 0; r < rows.length; r++) {
            double radius = Math.min(search.distance(rows[r]) / 2, widest(search));
            RandomGenerator random =
                    seed.derive("fab-" + start + "-" + rank).generator(search.inputs.rowNumber(rows[r]));
            new Ball(norm, radius, search.bounds, n).randomPoint(random, x, r * n);
            for (int i = 0; i < n; i++) {
                x[r * n + i] = search.bounds.clip(i, x[r * n + i]);
            }
        }
        return x;
    }

    private static double widest(Search search) {
        double width = (double) search.bounds.upper(0) - search.bounds.lower(0);
        return width < Double.POSITIVE_INFINITY ? width / 10 : 1;
    }

    /** Bisection between the input and the nearest example found. */
    private static void draw(Search search, int[] rows) {
        if (rows.length == 0) {
            return;
        }
        int n = search.n;
        float[] clean = search.inputs.array();
        float[] far = new float[rows.length * n];
        double[] below = new double[rows.length];
        double[] above = new double[rows.length];
        Arrays.fill(above, 1);
        for (int r = 0; r < rows.length; r++) {
            search.copySample(rows[r], far, r * n);
        }
        Batch numbers = search.numbers(rows);
        for (int k = 0; k < BISECTIONS; k++) {
            float[] x = new float[far.length];
            for (int r = 0; r < rows.length; r++) {
                double t = k == 0 ? 0.98 : (below[r] + above[r]) / 2;
                int in = search.start(rows[r]);
                for (int i = 0; i < n; i++) {
                    x[r * n + i] = (float) (clean[in + i] + t * ((double) far[r * n + i] - clean[in + i]));
                }
            }
            int[] predicted = Logits.argmax(search.ask(rows, numbers, x));
            for (int r = 0; r < rows.length; r++) {
                double t = k == 0 ? 0.98 : (below[r] + above[r]) / 2;
                if (search.goal.achieved(rows[r], predicted[r])) {
                    above[r] = t;
                } else {
                    below[r] = t;
                }
            }
        }
    }
}
