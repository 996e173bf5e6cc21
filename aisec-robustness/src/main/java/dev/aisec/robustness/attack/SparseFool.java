// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * SparseFool: finds the decision boundary by DeepFool, takes it for flat, and crosses it by as few features as it can.
 *
 * <p>Guarantee: every sample lies inside the bounds. The distance is the number of changed features (L0); it is an upper bound
 * of the smallest one. There is no ball. Of all samples that were seen to break a row, the one with the fewest changed features
 * is returned; where the sparse steps fail, that may be a point of DeepFool, which changes nearly all.
 *
 * <p>A step: DeepFool walks from x to a point x_B beyond the boundary, in L2, with w = ∇(z_c − z_y) there. With x_B moved to
 * x + λ (x_B − x), the features with the largest |w_j| move one after the other, each as far as the plane wᵀ(· − x_B) = 0 asks
 * or the bounds let it, until the plane is reached. Then x ← x₀ + 1.02 (x − x₀), inside the bounds. Unlike the authors' code,
 * DeepFool stays inside the bounds, and features that cannot move are passed over.
 *
 * <p>Source: Modas, Moosavi-Dezfooli, Frossard, SparseFool: A Few Pixels Make a Big Difference, CVPR 2019, algorithms 1 and 2.
 * Clause 7.3.2-5.
 *
 * @param lambda λ, how far behind the boundary the plane lies; at least 1 and finite. A larger one needs fewer steps and more
 *     features; the authors use 1 to 3
 * @param steps most steps; at least 1
 * @param classes how many classes, the label among them, DeepFool looks at; at least 2. Each but the label costs a gradient in
 *     each of its steps
 */
public record SparseFool(double lambda, int steps, int classes) implements Attack<DifferentiableClassifier> {
    private static final double OVERSHOOT = 0.02;
    private static final int WALK = 50;
    /** The plane counts as reached when this share of the way is left: rounding to float must not cost a feature more. */
    private static final double REACHED = 1e-6;

    /** Checks the components. */
    public SparseFool {
        if (!(lambda >= 1 && lambda < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("lambda must be >= 1 and finite, was " + lambda);
        }
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        if (classes < 2) {
            throw new IllegalArgumentException("classes must be >= 2, was " + classes);
        }
    }

    /**
     * λ = 1 for the fewest features; at most 20 steps and ten classes, as in the authors' code.
     *
     * @return the attack
     */
    public static SparseFool standard() {
        return new SparseFool(1, 20, 10);
    }

    /**
     * The same attack with another λ.
     *
     * @param other how far behind the boundary the plane lies
     * @return the attack
     */
    public SparseFool withLambda(double other) {
        return new SparseFool(other, steps, classes);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        if (goal.targeted()) {
            throw new IllegalArgumentException("goal must be to avoid labels; to reach a class, take Jsma or SparseRs");
        }
        Search search = new Search(model, inputs, goal, Norm.L0);
        int[] rows = search.open();
        float[] x = search.inputsOf(rows);
        for (int step = 0; step < steps && rows.length > 0; step++) {
            Walk walk = new Walk(model, search, rows, x);
            walk.run();
            for (int r = 0; r < rows.length; r++) {
                int at = r * search.n;
                cross(x, at, walk.normal, walk.x, search.bounds, search.n);
                int in = search.start(rows[r]);
                for (int i = 0; i < search.n; i++) {
                    double clean = inputs.array()[in + i];
                    x[at + i] = search.bounds.clip(i, (float) (clean + (1 + OVERSHOOT) * (x[at + i] - clean)));
                }
            }
            int[] predicted = Logits.argmax(search.ask(rows, search.numbers(rows), x));
            int[] left = new int[rows.length];
            int count = 0;
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * search.n);
                // Where gradients are zero there is no plane, and the next step would find none either.
                if (!goal.achieved(rows[r], predicted[r]) && walk.nearest[r] < Double.POSITIVE_INFINITY) {
                    left[count++] = r;
                }
            }
            left = Arrays.copyOf(left, count);
            rows = Search.pick(rows, left);
            x = Search.pick(x, search.n, left);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    /** Moves x onto the plane by the features with the largest normal. */
    private void cross(float[] x, int at, float[] normal, float[] beyond, Bounds bounds, int n) {
        double way = 0;
        for (int i = 0; i < n; i++) {
            way += lambda * ((double) beyond[at + i] - x[at + i]) * normal[at + i];
        }
        double enough = REACHED * way;
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted((a, b) -> Float.compare(Math.abs(normal[at + b]), Math.abs(normal[at + a])))
                .mapToInt(i -> i)
                .toArray();
        for (int k = 0; k < n && way > enough && normal[at + order[k]] != 0; k++) {
            int i = order[k];
            float was = x[at + i];
            x[at + i] = bounds.clip(i, (float) (was + way / normal[at + i]));
            way -= ((double) x[at + i] - was) * normal[at + i];
        }
    }

    /** DeepFool in L2 from where rows stand; arrays hold them one after the other. */
    private final class Walk {
        private final DifferentiableClassifier model;
        private final Search search;
        private final int[] rows;
        private final int n;
        private final float[] start;
        private final float[] x;
        /** Σ of the steps. */
        private final double[] total;
        /** Where a row crossed, the gradient of its new class against the label; else of the nearest boundary. */
        private final float[] normal;

        private final double[] nearest;

        Walk(DifferentiableClassifier model, Search search, int[] rows, float[] from) {
            this.model = model;
            this.search = search;
            this.rows = rows;
            n = search.n;
            start = from;
            x = from.clone();
            total = new double[x.length];
            normal = new float[x.length];
            nearest = new double[rows.length];
        }

        void run() {
            int[] active = IntStream.range(0, rows.length).toArray();
            for (int step = 0; step <= WALK && active.length > 0; step++) {
                for (int r : active) {
                    nearest[r] = Double.POSITIVE_INFINITY;
                }
                boolean[] over = look(active, 0);
                active = Arrays.stream(active).filter(r -> !over[r]).toArray();
                if (step == WALK) {
                    return;
                }
                int rivals = Math.min(classes, search.spec.classes()) - 1;
                for (int k = 1; k < rivals && active.length > 0; k++) {
                    look(active, k);
                }
                // A gradient of zero shows no way: such a row stays.
                active = Arrays.stream(active)
                        .filter(r -> nearest[r] < Double.POSITIVE_INFINITY)
                        .toArray();
                for (int r : active) {
                    step(r);
                }
            }
        }

        /** Asks for the boundary to the k-th likeliest other class; tells which rows have crossed. */
        private boolean[] look(int[] active, int k) {
            int[] chosen = Search.pick(rows, active);
            Targets targets = search.goal.targets(chosen);
            Search.Slope slope = search.slope(
                    model, chosen, search.numbers(chosen), Search.pick(x, n, active), new Boundary(k), targets);
            boolean[] over = new boolean[rows.length];
            for (int a = 0; a < active.length; a++) {
                int r = active[a];
                int from = slope.offset() + a * n;
                double square = 0;
                for (int i = from; i < from + n; i++) {
                    square += (double) slope.gradient()[i] * slope.gradient()[i];
                }
                // At a tie the first class wins, so a margin of zero can be on either side.
                over[r] = k == 0
                        && search.goal.achieved(
                                rows[r], Logits.argmax(slope.logits().rows(a, a + 1))[0]);
                double distance = square > 0 ? Math.abs(slope.loss()[a]) / Math.sqrt(square) : Double.POSITIVE_INFINITY;
                if (over[r] || distance < nearest[r]) {
                    nearest[r] = distance;
                    System.arraycopy(slope.gradient(), from, normal, r * n, n);
                }
            }
            return over;
        }

        private void step(int r) {
            double square = 0;
            for (int i = r * n; i < r * n + n; i++) {
                square += (double) normal[i] * normal[i];
            }
            // The authors' code adds 1e-4, so that a tie is crossed.
            double scale = (nearest[r] + 1e-4) / Math.sqrt(square);
            for (int i = 0; i < n; i++) {
                total[r * n + i] += scale * normal[r * n + i];
                float moved = (float) (start[r * n + i] + (1 + OVERSHOOT) * total[r * n + i]);
                x[r * n + i] = search.bounds.clip(i, moved);
            }
        }
    }

    /** z_c − z_y, c the k-th likeliest other class. */
    private record Boundary(int k) implements Loss {
        @Override
        public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
            int classes = logits.shape().size();
            double[] values = new double[logits.size()];
            float[] cotangents = new float[logits.size() * classes];
            for (int r = 0; r < values.length; r++) {
                int row = r;
                int y = targets.label(r);
                int c = IntStream.range(0, classes)
                        .filter(i -> i != y)
                        .boxed()
                        .sorted((a, b) -> Float.compare(logits.get(row, b), logits.get(row, a)))
                        .skip(k)
                        .findFirst()
                        .orElseThrow();
                values[r] = (double) logits.get(r, c) - logits.get(r, y);
                cotangents[r * classes + c] = 1;
                cotangents[r * classes + y] = -1;
            }
            return new LossValues(values, logits.like(cotangents, logits.shape()));
        }
    }
}
