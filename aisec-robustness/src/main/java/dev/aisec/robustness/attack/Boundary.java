// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Boundary attack: a random walk along the decision boundary towards the input, by decisions of the model alone. It looks
 * for the nearest sample in L2 that achieves the goal. {@link HopSkipJump} needs fewer queries; this one estimates nothing,
 * and so is a second opinion on boundaries that mislead an estimate.
 *
 * <p>Guarantee: every returned sample lies inside the model's bounds; the nearest one that was seen to achieve the goal is
 * returned; no row costs more than {@code queries} forward passes, those on the input itself and for the confirmation
 * included. It calls {@link Classifier#predict} only. The distance is an upper bound of the least one, not a proof. A row
 * for which no start was found fails.
 *
 * <p>Each step draws a Gaussian direction orthogonal to the line to the input x*, moves the point by δ‖x − x*‖ along it and
 * back onto the sphere around x*, and then by ε‖x − x*‖ towards x*; it is kept if it achieves the goal. The point on the sphere
 * is asked about first, and only if it achieves the goal, the one towards x*. Both sizes adapt, like a trust region: of the
 * last 20 points on the sphere about half shall achieve the goal (above: δ and ε times 1.5, below a fifth: divided by 1.5); of the
 * last 10 steps towards x* between a tenth and a quarter, else ε changes likewise.
 *
 * <p>Source: Brendel, Rauber, Bethge, Decision-Based Adversarial Attacks: Reliable Attacks Against Black-Box Machine Learning
 * Models, ICLR 2018, algorithm 1; thresholds as in the authors' Foolbox, over shorter windows. Before the first step the start
 * is moved to the boundary by bisection, as there. Clause 7.3.2-5.
 *
 * @param queries most forward passes for each row; at least 3
 * @param orthogonalStep first δ, relative to the distance, in (0, 1)
 * @param sourceStep first ε, relative to the distance, in (0, 1)
 * @param starts points to start from, as for {@link HopSkipJump}; null for none
 * @param seed seed of starts and steps
 */
public record Boundary(
        int queries,
        double orthogonalStep,
        double sourceStep,
        @Nullable Batch starts,
        Seed seed) implements MinimumNormAttack<Classifier> {
    private static final double ADAPT = 1.5;
    private static final int ORTHOGONAL_WINDOW = 20;
    private static final int SOURCE_WINDOW = 10;
    private static final int BISECTIONS = 15;
    /** Below it a step towards the input is lost in rounding. */
    private static final double CONVERGED = 1e-7;

    /** Checks the components. */
    public Boundary {
        Square.requireQueries(queries);
        requireStep("orthogonalStep", orthogonalStep);
        requireStep("sourceStep", sourceStep);
    }

    private static void requireStep(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be in (0, 1), was " + value);
        }
    }

    /**
     * 10,000 queries, both steps 0.01 at first, random starts.
     *
     * @return the attack
     */
    public static Boundary of() {
        return new Boundary(10_000, 0.01, 0.01, null, new Seed(0));
    }

    /**
     * The same attack with another budget.
     *
     * @param count most forward passes for each row
     * @return the attack
     */
    public Boundary withQueries(int count) {
        return new Boundary(count, orthogonalStep, sourceStep, starts, seed);
    }

    /**
     * The same attack with given points to start from.
     *
     * @param points for every row, whichever achieve its goal; shared
     * @return the attack
     */
    public Boundary withStarts(Batch points) {
        return new Boundary(queries, orthogonalStep, sourceStep, points, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Boundary withSeed(Seed other) {
        return new Boundary(queries, orthogonalStep, sourceStep, starts, other);
    }

    /**
     * Returns the norm that is made small.
     *
     * @return L2
     */
    public Norm norm() {
        return Norm.L2;
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, Norm.L2);
        search.enough = enough;
        new Start(search, Norm.L2, starts, seed).find(queries - 1);
        int[] rows = search.broken();
        Walker[] walkers = new Walker[rows.length];
        for (int r = 0; r < rows.length; r++) {
            walkers[r] = new Walker(search, rows[r]);
        }
        while (true) {
            walkers = Arrays.stream(walkers)
                    .filter(w -> search.queries(w.row) < queries - 1 && !w.arrived() && !search.isDone(w.row))
                    .toArray(Walker[]::new);
            if (walkers.length == 0) {
                return search.result(Double.POSITIVE_INFINITY);
            }
            float[] candidates = new float[Math.multiplyExact(walkers.length, search.n)];
            int[] asked = new int[walkers.length];
            for (int w = 0; w < walkers.length; w++) {
                asked[w] = walkers[w].row;
                walkers[w].propose(candidates, w * search.n);
            }
            boolean[] achieved = search.decide(asked, search.numbers(asked), candidates);
            for (int w = 0; w < walkers.length; w++) {
                walkers[w].hear(achieved[w]);
            }
        }
    }

    /** Last answers, up to a number of them. */
    private static final class Window {
        private final int size;
        private int count;
        private int yes;

        Window(int size) {
            this.size = size;
        }

        /** Takes an answer; with the last of a window returns the share of yes and begins anew, before that NaN. */
        double add(boolean answer) {
            count++;
            yes += answer ? 1 : 0;
            if (count < size) {
                return Double.NaN;
            }
            double share = (double) yes / count;
            count = 0;
            yes = 0;
            return share;
        }
    }

    private enum Phase {
        BISECT,
        SPHERE,
        TOWARDS
    }

    /** The walk of one row, one query at a time, so that rows can be asked about together. */
    private final class Walker {
        private final Search search;
        private final int row;
        private final int n;
        private final int in;
        private final float[] clean;
        private final float[] x;
        private final float[] proposal;
        private final float[] sphere;
        private final double[] direction;
        private final GaussianNoise normal;
        private final Window orthogonal = new Window(ORTHOGONAL_WINDOW);
        private final Window source = new Window(SOURCE_WINDOW);
        private Phase phase = Phase.BISECT;
        private double delta = orthogonalStep;
        private double epsilon = sourceStep;
        /** Bisection: shares of the first distance at which the goal is not and is achieved, and the one between to ask about. */
        private double near;

        private double reached = 1;
        private double middle = 0.5;
        private int bisected;
        private double distance;

        Walker(Search search, int row) {
            this.search = search;
            this.row = row;
            n = search.n;
            in = search.start(row);
            clean = search.inputs.array();
            x = new float[n];
            proposal = new float[n];
            sphere = new float[n];
            direction = new double[n];
            normal = new GaussianNoise(seed.derive("boundary").generator(search.inputs.rowNumber(row)));
            search.copySample(row, x, 0);
            distance = Norm.L2.length(x, 0, clean, in, n);
        }

        boolean arrived() {
            return epsilon < CONVERGED || distance == 0;
        }

        void propose(float[] to, int at) {
            switch (phase) {
                case BISECT -> towards(x, 1 - middle);
                case SPHERE -> turn();
                case TOWARDS -> {
                    // The length that the sphere lost to the bounds counts, as in Foolbox.
                    double now = Norm.L2.length(sphere, 0, clean, in, n);
                    double length = epsilon * distance + now - distance;
                    towards(sphere, now > 0 ? Math.min(Math.max(length, 0) / now, 1) : 0);
                }
            }
            System.arraycopy(proposal, 0, to, at, n);
        }

        void hear(boolean achieved) {
            switch (phase) {
                case BISECT -> bisected(achieved);
                case SPHERE -> {
                    System.arraycopy(proposal, 0, sphere, 0, n);
                    double share = orthogonal.add(achieved);
                    if (share > 0.5) {
                        delta = Math.min(delta * ADAPT, 1);
                        epsilon = Math.min(epsilon * ADAPT, 1);
                    } else if (share < 0.2) {
                        delta /= ADAPT;
                        epsilon /= ADAPT;
                    }
                    phase = achieved ? Phase.TOWARDS : Phase.SPHERE;
                }
                case TOWARDS -> {
                    if (achieved) {
                        System.arraycopy(proposal, 0, x, 0, n);
                        distance = Norm.L2.length(x, 0, clean, in, n);
                    }
                    double share = source.add(achieved);
                    if (share > 0.25) {
                        epsilon = Math.min(epsilon * ADAPT, 1);
                    } else if (share < 0.1) {
                        epsilon /= ADAPT;
                    }
                    phase = Phase.SPHERE;
                }
            }
        }

        private void bisected(boolean achieved) {
            if (achieved) {
                reached = middle;
            } else {
                near = middle;
            }
            middle = (reached + near) / 2;
            bisected++;
            if (bisected == BISECTIONS) {
                // The nearest that was seen is the search's.
                search.copySample(row, x, 0);
                distance = Norm.L2.length(x, 0, clean, in, n);
                phase = Phase.SPHERE;
            }
        }

        /** A share of the way from a point to the input. */
        private void towards(float[] from, double share) {
            for (int i = 0; i < n; i++) {
                double moved = from[i] + share * ((double) clean[in + i] - from[i]);
                proposal[i] = search.bounds.clip(i, (float) moved);
            }
        }

        /** An orthogonal step, and back onto the sphere. */
        private void turn() {
            double along = 0;
            for (int i = 0; i < n; i++) {
                direction[i] = normal.next();
                along += direction[i] * ((double) x[i] - clean[in + i]);
            }
            along /= distance * distance;
            double square = 0;
            for (int i = 0; i < n; i++) {
                direction[i] -= along * ((double) x[i] - clean[in + i]);
                square += direction[i] * direction[i];
            }
            double scale = square > 0 ? delta * distance / Math.sqrt(square) : 0;
            double back = 1 / Math.sqrt(1 + delta * delta);
            for (int i = 0; i < n; i++) {
                double c = clean[in + i];
                double moved = c + back * (x[i] - c + scale * direction[i]);
                proposal[i] = search.bounds.clip(i, (float) moved);
            }
        }
    }
}
