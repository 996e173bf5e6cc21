// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Square attack: random search with square-shaped changes at the border of the ball, which are kept when they lower the
 * margin. Needs logits, no gradients: it also works where gradients are masked.
 *
 * <p>Guarantee: samples lie inside ball and bounds, float rounding included; no row costs more than {@code queries}
 * forward passes, those on the input itself and for the confirmation included; a row that is broken is not queried any
 * more. It gives an upper bound of robust accuracy, not a proof.
 *
 * <p>Assumptions: the example is an image [C, H, W] or [H, W]. Any other shape is taken as a strip of 1 × n pixels, on
 * which squares are intervals of neighbouring features.
 *
 * <p>The start are vertical stripes of ±ε (L∞) or a grid of bumps scaled to ε (L2). Iteration i changes a square with a
 * share p_i of the pixels: all of it to ±ε, one sign for each channel (L∞); or moves the mass of one random window into
 * a bump in another (L2). p_i falls from {@code share} by halves at 0.1, 0.5, 2, 5, 10, 20, 40, 60, 80 % of the budget. The
 * loss is the margin z_y − max_{c≠y} z_c, for a target its negative.
 *
 * <p>Source: Andriushchenko, Croce, Flammarion, Hein, Square Attack: a Query-Efficient Black-Box Adversarial Attack via
 * Random Search, ECCV 2020, algorithms 1 to 3. Clause 7.3.2-5.
 *
 * @param norm norm of the ball, L∞ or L2
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param queries most forward passes for each row; at least 3
 * @param share first share p of the pixels that a square has, in (0, 1]
 * @param seed seed of the search
 */
public record Square(Norm norm, double epsilon, int queries, double share, Seed seed)
        implements BallAttack<Classifier> {
    /** Of 10,000 iterations, those after which the share is halved (appendix of the paper). */
    private static final int[] HALVED = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};

    /** Checks the components. */
    public Square {
        if (norm != Norm.L2 && norm != Norm.LINF) {
            throw new IllegalArgumentException("norm must be LINF or L2, was " + norm);
        }
        Pgd.requireRadius(epsilon);
        requireQueries(queries);
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("share must be in (0, 1], was " + share);
        }
    }

    static void requireQueries(int queries) {
        if (queries < 3) {
            throw new IllegalArgumentException(
                    "queries must be >= 3 (input, one candidate, confirmation), was " + queries);
        }
    }

    /**
     * 5,000 queries with a first share of 0.8, as in AutoAttack (Croce, Hein, ICML 2020). The paper itself uses 0.05 (L∞) and
     * 0.1 (L2) for undefended ImageNet models, 0.8 for robust ones.
     *
     * @param norm norm of the ball, L∞ or L2
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Square of(Norm norm, double epsilon) {
        return new Square(norm, epsilon, 5000, 0.8, new Seed(0));
    }

    @Override
    public Square withEpsilon(double other) {
        return new Square(norm, other, queries, share, seed);
    }

    /**
     * The same attack with another budget; the schedule of the shares is stretched to it.
     *
     * @param count most forward passes for each row
     * @return the attack
     */
    public Square withQueries(int count) {
        return new Square(norm, epsilon, count, share, seed);
    }

    /**
     * The same attack with another first share.
     *
     * @param first share of the pixels, in (0, 1]
     * @return the attack
     */
    public Square withShare(double first) {
        return new Square(norm, epsilon, queries, first, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Square withSeed(Seed other) {
        return new Square(norm, epsilon, queries, share, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        int[] rows = search.open();
        if (rows.length > 0) {
            new Run(search, rows).run();
        }
        return search.result(epsilon);
    }

    /** Share of the pixels at an iteration. */
    double share(int iteration, int iterations) {
        long of10000 = 10_000L * iteration / iterations;
        double p = share;
        for (int at : HALVED) {
            p = of10000 > at ? p / 2 : p;
        }
        return p;
    }

    /** Arrays hold the rows that are still open, one after the other. */
    private final class Run {
        private final Search search;
        private final Grid grid;
        private final Ball ball;
        private final int n;
        private final float[] clean;
        private int[] rows;
        private Batch numbers;
        private RandomGenerator[] random;
        private float[] best;
        private float[] low;
        private float[] high;
        private double[] score;
        /** The candidate's perturbation, of one row. */
        private final double[] delta;

        Run(Search search, int[] rows) {
            this.search = search;
            this.rows = rows;
            n = search.n;
            grid = Grid.of(search.inputs.shape());
            ball = new Ball(norm, epsilon, search.bounds, n);
            clean = search.inputs.array();
            numbers = search.numbers(rows);
            random = new RandomGenerator[rows.length];
            best = search.inputsOf(rows);
            low = new float[best.length];
            high = new float[best.length];
            score = new double[rows.length];
            delta = new double[n];
            for (int r = 0; r < rows.length; r++) {
                random[r] = seed.derive("square").generator(search.inputs.rowNumber(rows[r]));
                ball.box(clean, search.start(rows[r]), low, high, r * n);
            }
        }

        void run() {
            // The input was asked about already, and what is found will be once more.
            int iterations = queries - 2;
            for (int r = 0; r < rows.length; r++) {
                if (norm == Norm.LINF) {
                    stripes(r);
                } else {
                    bumps(r);
                }
            }
            score = Score.MARGIN.of(search.ask(rows, numbers, best), rows, search.goal);
            drop();
            float[] candidate = new float[best.length];
            for (int i = 1; i < iterations && rows.length > 0; i++) {
                candidate = candidate.length == best.length ? candidate : new float[best.length];
                System.arraycopy(best, 0, candidate, 0, best.length);
                double p = share(i, iterations);
                for (int r = 0; r < rows.length; r++) {
                    if (norm == Norm.LINF) {
                        square(r, p, candidate);
                    } else {
                        move(r, p, candidate);
                    }
                }
                double[] now = Score.MARGIN.of(search.ask(rows, numbers, candidate), rows, search.goal);
                for (int r = 0; r < rows.length; r++) {
                    if (now[r] < score[r]) {
                        score[r] = now[r];
                        System.arraycopy(candidate, r * n, best, r * n, n);
                    }
                }
                drop();
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], best, r * n);
            }
        }

        private void drop() {
            int[] kept = search.keep(rows);
            if (kept == null) {
                return;
            }
            rows = Search.pick(rows, kept);
            numbers = search.numbers(rows);
            best = Search.pick(best, n, kept);
            low = Search.pick(low, n, kept);
            high = Search.pick(high, n, kept);
            score = Search.pick(score, kept);
            RandomGenerator[] others = new RandomGenerator[kept.length];
            for (int k = 0; k < kept.length; k++) {
                others[k] = random[kept[k]];
            }
            random = others;
        }

        /** Each column of each channel at one end of the box. */
        private void stripes(int r) {
            for (int c = 0; c < grid.channels(); c++) {
                for (int w = 0; w < grid.width(); w++) {
                    float[] end = random[r].nextBoolean() ? high : low;
                    for (int h = 0; h < grid.height(); h++) {
                        int i = r * n + grid.index(c, h, w);
                        best[i] = end[i];
                    }
                }
            }
        }

        /** A window of about the share p: a square if the image is high enough for it, at least {@code least} wide. */
        private int[] window(double p, int least) {
            int side = Math.max((int) Math.round(Math.sqrt(p * grid.pixels())), least);
            if (least > 1 && side % 2 == 0) {
                side++;
            }
            int height = Math.min(side, grid.height());
            int width = side;
            if (height < side) {
                width = Math.max((int) Math.round(p * grid.pixels() / height), least);
            }
            return new int[] {height, Math.min(width, grid.width())};
        }

        private void square(int r, double p, float[] candidate) {
            int[] size = window(p, 1);
            int top = random[r].nextInt(grid.height() - size[0] + 1);
            int left = random[r].nextInt(grid.width() - size[1] + 1);
            int channels = grid.channels();
            // Not a candidate that is the point itself; where all signs give that, as at corners of the bounds, it is.
            for (int tries = 0; tries < 20; tries++) {
                boolean moved = false;
                for (int c = 0; c < channels; c++) {
                    float[] end = random[r].nextBoolean() ? high : low;
                    for (int h = top; h < top + size[0]; h++) {
                        int from = r * n + grid.index(c, h, left);
                        for (int i = from; i < from + size[1]; i++) {
                            moved |= best[i] != end[i];
                            candidate[i] = end[i];
                        }
                    }
                }
                if (moved) {
                    return;
                }
            }
        }

        /** The start in L2: bumps of random sign side by side, a fifth of the image high and wide. */
        private void bumps(int r) {
            Arrays.fill(delta, 0);
            int a = grid.height() < 5 ? grid.height() : grid.height() / 5;
            int b = grid.width() < 5 ? grid.width() : grid.width() / 5;
            for (int top = grid.height() % a / 2; top + a <= grid.height(); top += a) {
                for (int left = grid.width() % b / 2; left + b <= grid.width(); left += b) {
                    double[] bump = bump(random[r], a, b);
                    for (int c = 0; c < grid.channels(); c++) {
                        double sign = random[r].nextBoolean() ? 1 : -1;
                        for (int h = 0; h < a; h++) {
                            for (int w = 0; w < b; w++) {
                                delta[grid.index(c, top + h, left + w)] += sign * bump[h * b + w];
                            }
                        }
                    }
                }
            }
            write(r, best);
        }

        /** Takes the mass of a second window, and what the ball has left, into a bump in the first. */
        private void move(int r, double p, float[] candidate) {
            int in = search.start(rows[r]);
            double image = 0;
            for (int i = 0; i < n; i++) {
                delta[i] = (double) best[r * n + i] - clean[in + i];
                image += delta[i] * delta[i];
            }
            int[] size = window(p, 3);
            int a = size[0];
            int b = size[1];
            int top = random[r].nextInt(grid.height() - a + 1);
            int left = random[r].nextInt(grid.width() - b + 1);
            int top2 = random[r].nextInt(grid.height() - a + 1);
            int left2 = random[r].nextInt(grid.width() - b + 1);
            double[] bump = bump(random[r], a, b);
            double spare = Math.max(epsilon * epsilon - image, 0) / grid.channels();
            for (int c = 0; c < grid.channels(); c++) {
                double sign = random[r].nextBoolean() ? 1 : -1;
                double inside = 0;
                double both = 0;
                for (int h = 0; h < a; h++) {
                    for (int w = 0; w < b; w++) {
                        double d = delta[grid.index(c, top + h, left + w)];
                        inside += d * d;
                        int h2 = top2 + h;
                        int w2 = left2 + w;
                        boolean shared = h2 >= top && h2 < top + a && w2 >= left && w2 < left + b;
                        double d2 = delta[grid.index(c, h2, w2)];
                        both += shared ? 0 : d2 * d2;
                    }
                }
                both += inside;
                double old = 1 / (1e-10 + Math.sqrt(inside));
                double length = 0;
                double[] mixed = new double[a * b];
                for (int h = 0; h < a; h++) {
                    for (int w = 0; w < b; w++) {
                        double v = sign * bump[h * b + w] + old * delta[grid.index(c, top + h, left + w)];
                        mixed[h * b + w] = v;
                        length += v * v;
                    }
                }
                for (int h = 0; h < a; h++) {
                    Arrays.fill(delta, grid.index(c, top2 + h, left2), grid.index(c, top2 + h, left2) + b, 0);
                }
                double scale = length > 0 ? Math.sqrt((spare + both) / length) : 0;
                for (int h = 0; h < a; h++) {
                    for (int w = 0; w < b; w++) {
                        delta[grid.index(c, top + h, left + w)] = scale * mixed[h * b + w];
                    }
                }
            }
            write(r, candidate);
        }

        /** The perturbation at length ε, projected. */
        private void write(int r, float[] to) {
            double square = 0;
            for (double d : delta) {
                square += d * d;
            }
            double scale = square > 0 ? epsilon / Math.sqrt(square) : 0;
            int in = search.start(rows[r]);
            for (int i = 0; i < n; i++) {
                to[r * n + i] = (float) (clean[in + i] + scale * delta[i]);
            }
            ball.project(to, r * n, clean, in, low, high);
        }
    }

    /** Two halves of opposite sign, split along either side (paper, figure 3), of length 1. */
    private static double[] bump(RandomGenerator random, int a, int b) {
        boolean rows = a > 1 && (b == 1 || random.nextBoolean());
        double[] bump = new double[a * b];
        if (rows) {
            pyramid(bump, b, 0, a / 2, 0, b, 1);
            pyramid(bump, b, a / 2, a, 0, b, -1);
        } else {
            pyramid(bump, b, 0, a, 0, b / 2, 1);
            pyramid(bump, b, 0, a, b / 2, b, -1);
        }
        double square = 0;
        for (double v : bump) {
            square += v * v;
        }
        double scale = 1 / Math.sqrt(square);
        for (int i = 0; i < bump.length; i++) {
            bump[i] *= scale;
        }
        return bump;
    }

    /** Nested rectangles around the middle, the k-th adding 1/k², of length ±1 together. */
    private static void pyramid(double[] out, int stride, int top, int bottom, int left, int right, double sign) {
        int x = bottom - top;
        int y = right - left;
        if (x == 0 || y == 0) {
            return;
        }
        for (int k = 0; k < Math.max(x / 2 + 1, y / 2 + 1); k++) {
            double add = 1.0 / ((k + 1.0) * (k + 1.0));
            int x0 = x / 2 - k;
            int y0 = y / 2 - k;
            for (int i = Math.max(x0, 0); i < Math.min(x0 + 2 * k + 1, x); i++) {
                for (int j = Math.max(y0, 0); j < Math.min(y0 + 2 * k + 1, y); j++) {
                    out[(top + i) * stride + left + j] += add;
                }
            }
        }
        double square = 0;
        for (int i = top; i < bottom; i++) {
            for (int j = left; j < right; j++) {
                square += out[i * stride + j] * out[i * stride + j];
            }
        }
        double scale = sign / Math.sqrt(square);
        for (int i = top; i < bottom; i++) {
            for (int j = left; j < right; j++) {
                out[i * stride + j] *= scale;
            }
        }
    }
}
