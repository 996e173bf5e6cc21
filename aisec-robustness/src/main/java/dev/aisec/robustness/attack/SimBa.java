// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Simple black-box attack: steps along the vectors of an orthonormal basis in random order, each kept if it lowers the
 * probability of the true class (for a target, raises the target's).
 *
 * <p>Guarantee: samples lie inside the L2 ball and the bounds, float rounding included; no row costs more than
 * {@code queries} forward passes, those on the input itself and for the confirmation included; a row that is broken is not
 * queried any more. It gives an upper bound of robust accuracy, not a proof.
 *
 * <p>For a basis vector q, x + αq is tried with α = step · ε, and if that is no better, with −α. Guo et al. have no ball:
 * T steps are at most √T α long; here a candidate is projected onto ball and bounds before it is tried. After the last
 * vector they come again in another order. Probabilities are compared by log p_y − log(1 − p_y), which rises with p_y and
 * does not saturate.
 *
 * <p>Bases: the pixels; or, per channel, the two-dimensional cosines (DCT-II) of the lowest frequencies, which natural
 * images and what models look at consist of. Shapes are taken as by {@link Square}: for a strip, the cosines are of one
 * dimension.
 *
 * <p>Source: Guo, Gardner, You, Wilson, Weinberger, Simple Black-box Adversarial Attacks, ICML 2019, algorithm 1. Clause 7.3.2-5.
 *
 * @param basis which vectors
 * @param epsilon radius of the L2 ball, in units of the inputs; positive and finite
 * @param relativeStep length of a step over ε, in (0, 1]; Guo et al. step 0.2 and come to about 2 to 5 on ImageNet
 * @param queries most forward passes for each row; at least 3
 * @param seed seed of the orders
 */
public record SimBa(Basis basis, double epsilon, double relativeStep, int queries, Seed seed)
        implements BallAttack<Classifier> {
    /**
     * An orthonormal basis.
     *
     * @param cosines whether it is made of cosines, else of pixels
     * @param share for cosines, share of the frequencies along height and width, the lowest, in (0, 1]; rounded up
     */
    public record Basis(boolean cosines, double share) {
        /** One feature each. */
        public static final Basis PIXELS = new Basis(false, 1);

        /** Checks the components. */
        public Basis {
            if (!(share > 0 && share <= 1)) {
                throw new IllegalArgumentException("share must be in (0, 1], was " + share);
            }
        }

        /**
         * Cosines of low frequency.
         *
         * @param share of the frequencies along height and width; Guo et al. use 1/8 on ImageNet, more suits small images
         * @return the basis
         */
        public static Basis cosines(double share) {
            return new Basis(true, share);
        }
    }

    /** Checks the components. */
    public SimBa {
        Pgd.requireRadius(epsilon);
        if (!(relativeStep > 0 && relativeStep <= 1)) {
            throw new IllegalArgumentException("relativeStep must be in (0, 1], was " + relativeStep);
        }
        Square.requireQueries(queries);
    }

    /**
     * 5,000 queries of steps of ε/10: at most a hundred steps to the border.
     *
     * @param basis which vectors
     * @param epsilon radius of the L2 ball
     * @return the attack
     */
    public static SimBa of(Basis basis, double epsilon) {
        return new SimBa(basis, epsilon, 0.1, 5000, new Seed(0));
    }

    @Override
    public Norm norm() {
        return Norm.L2;
    }

    @Override
    public SimBa withEpsilon(double other) {
        return new SimBa(basis, other, relativeStep, queries, seed);
    }

    /**
     * The same attack with another step.
     *
     * @param size length of a step over ε
     * @return the attack
     */
    public SimBa withStep(double size) {
        return new SimBa(basis, epsilon, size, queries, seed);
    }

    /**
     * The same attack with another budget.
     *
     * @param count most forward passes for each row
     * @return the attack
     */
    public SimBa withQueries(int count) {
        return new SimBa(basis, epsilon, relativeStep, count, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public SimBa withSeed(Seed other) {
        return new SimBa(basis, epsilon, relativeStep, queries, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, Norm.L2);
        int[] rows = search.open();
        if (rows.length == 0) {
            return search.result(epsilon);
        }
        int n = search.n;
        Vectors vectors = new Vectors(basis, Grid.of(inputs.shape()));
        Ball ball = new Ball(Norm.L2, epsilon, search.bounds, n);
        Climber[] climbers = new Climber[rows.length];
        float[] x = search.inputsOf(rows);
        // The input was asked about already, but for its class only.
        double[] scores = Score.LOG_ODDS.of(search.ask(rows, search.numbers(rows), x), rows, goal);
        for (int r = 0; r < rows.length; r++) {
            climbers[r] = new Climber(search, ball, vectors, rows[r], scores[r]);
        }
        Batch numbers = search.numbers(rows);
        while (true) {
            Climber[] left = Arrays.stream(climbers)
                    .filter(c -> !search.isBroken(c.row) && search.queries(c.row) < queries - 1)
                    .toArray(Climber[]::new);
            if (left.length < climbers.length) {
                climbers = left;
                rows = Arrays.stream(left).mapToInt(c -> c.row).toArray();
                numbers = search.numbers(rows);
                x = new float[rows.length * n];
            }
            if (rows.length == 0) {
                return search.result(epsilon);
            }
            for (int r = 0; r < rows.length; r++) {
                climbers[r].propose(x, r * n);
            }
            scores = Score.LOG_ODDS.of(search.ask(rows, numbers, x), rows, goal);
            for (int r = 0; r < rows.length; r++) {
                climbers[r].hear(scores[r], x, r * n);
            }
        }
    }

    /** The vectors of a basis, by number. */
    private static final class Vectors {
        final int count;
        private final boolean cosines;
        private final Grid grid;
        private final int heights;
        private final int widths;
        private final double[][] vertical;
        private final double[][] horizontal;

        Vectors(Basis basis, Grid grid) {
            this.grid = grid;
            cosines = basis.cosines();
            heights = cosines ? (int) Math.ceil(basis.share() * grid.height()) : 0;
            widths = cosines ? (int) Math.ceil(basis.share() * grid.width()) : 0;
            vertical = waves(heights, grid.height());
            horizontal = waves(widths, grid.width());
            count = grid.channels() * (cosines ? heights * widths : grid.pixels());
        }

        /** The first rows of the orthonormal DCT-II. */
        private static double[][] waves(int count, int length) {
            double[][] waves = new double[count][length];
            for (int k = 0; k < count; k++) {
                double scale = Math.sqrt((k == 0 ? 1.0 : 2.0) / length);
                for (int i = 0; i < length; i++) {
                    waves[k][i] = scale * Math.cos(Math.PI * (2 * i + 1) * k / (2.0 * length));
                }
            }
            return waves;
        }

        /** Adds α times a vector. */
        void add(int number, double alpha, float[] x, int at) {
            if (!cosines) {
                x[at + number] = (float) (x[at + number] + alpha);
                return;
            }
            int channel = number / (heights * widths);
            double[] column = vertical[number / widths % heights];
            double[] row = horizontal[number % widths];
            for (int h = 0; h < grid.height(); h++) {
                int from = at + grid.index(channel, h, 0);
                double scale = alpha * column[h];
                for (int w = 0; w < row.length; w++) {
                    x[from + w] = (float) (x[from + w] + scale * row[w]);
                }
            }
        }
    }

    /** The climb of one row, one query at a time, so that rows can be asked about together. */
    private final class Climber {
        private final Search search;
        private final Ball ball;
        private final Vectors vectors;
        private final int row;
        private final RandomGenerator random;
        private final float[] x;
        private final float[] low;
        private final float[] high;
        private final int[] order;
        private double score;
        private int next;
        private boolean back;

        Climber(Search search, Ball ball, Vectors vectors, int row, double score) {
            this.search = search;
            this.ball = ball;
            this.vectors = vectors;
            this.row = row;
            this.score = score;
            random = seed.derive("simba").generator(search.inputs.rowNumber(row));
            x = search.inputs.row(row);
            low = new float[search.n];
            high = new float[search.n];
            ball.box(search.inputs.array(), search.start(row), low, high, 0);
            order = new int[vectors.count];
            Arrays.setAll(order, i -> i);
        }

        void propose(float[] to, int at) {
            if (!back) {
                // The next of a random permutation.
                int other = next + random.nextInt(order.length - next);
                int chosen = order[other];
                order[other] = order[next];
                order[next] = chosen;
            }
            float[] candidate = x.clone();
            double alpha = relativeStep * epsilon;
            vectors.add(order[next], back ? -alpha : alpha, candidate, 0);
            ball.project(candidate, 0, search.inputs.array(), search.start(row), low, high);
            System.arraycopy(candidate, 0, to, at, candidate.length);
        }

        void hear(double now, float[] tried, int at) {
            boolean better = now < score;
            if (better) {
                score = now;
                System.arraycopy(tried, at, x, 0, x.length);
                search.tried(row, x, 0);
            }
            if (better || back) {
                back = false;
                next = (next + 1) % order.length;
            } else {
                back = true;
            }
        }
    }
}
