// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Square: random search with square patches, by the logits of a model that gives no gradients. Each query changes one square
 * of the perturbation and keeps it if the margin falls.
 *
 * <p>Guarantee: samples lie inside ball and bounds, float rounding included; a row that is broken is not queried any more; no
 * row has more than {@code queries} queries beside the first and the last, confirming, one. It needs no gradient, so masked
 * gradients do not stop it.
 *
 * <p>Inputs of shape [channels, height, width] have square patches over all channels; inputs of any other shape are taken
 * as one channel of a single line, where a patch is a segment.
 *
 * <p>Source: Andriushchenko, Croce, Flammarion, Hein, Square Attack, ECCV 2020, algorithms 1 to 3, with the authors' schedule of
 * sizes. Clause 7.3.2-5.
 *
 * @param norm L∞ or L2
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param queries most candidates for each row; at least 1; the paper uses 10,000, the AutoAttack ensemble 5,000
 * @param share share of the pixels that the first squares cover, in (0, 1]; the ensemble uses 0.8
 * @param seed seed of the squares
 */
public record Square(Norm norm, double epsilon, int queries, double share, Seed seed)
        implements BallAttack<Classifier> {
    /** Checks the components. */
    public Square {
        Pgd.requireRadius(epsilon);
        if (norm != Norm.LINF && norm != Norm.L2) {
            throw new IllegalArgumentException("norm must be LINF or L2, was " + norm);
        }
        if (queries < 1) {
            throw new IllegalArgumentException("queries must be >= 1, was " + queries);
        }
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("share must be in (0, 1], was " + share);
        }
    }

    /**
     * 5,000 queries, first squares of 0.8 of the pixels: as in the AutoAttack ensemble.
     *
     * @param norm L∞ or L2
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
     * The same attack with another budget.
     *
     * @param most most candidates for each row
     * @return the attack
     */
    public Square withQueries(int most) {
        return new Square(norm, epsilon, most, share, seed);
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

    /** Share of the pixels after so many queries: halved at the authors' ten points, set for 10,000 queries. */
    double shareAt(int query) {
        long at = (long) query * 10_000 / queries;
        int[] halvings = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
        double p = share;
        for (int point : halvings) {
            p = at > point ? p / 2 : p;
        }
        return p;
    }

    private final class Run {
        private final Search search;
        private final Ball ball;
        private final int n;
        private final int channels;
        private final int height;
        private final int width;
        private int[] rows;
        private Batch numbers;
        private RandomGenerator[] randoms;
        private float[] low;
        private float[] high;
        private float[] x;
        private double[] margin;
        private float[] candidates;

        Run(Search search, int[] rows) {
            this.search = search;
            this.rows = rows;
            n = search.n;
            Shape shape = search.inputs.shape();
            boolean image = shape.rank() == 3;
            channels = image ? shape.dimension(0) : 1;
            height = image ? shape.dimension(1) : 1;
            width = image ? shape.dimension(2) : n;
            ball = new Ball(norm, epsilon, search.bounds, n);
            numbers = search.numbers(rows);
            randoms = new RandomGenerator[rows.length];
            x = search.inputsOf(rows);
            low = new float[x.length];
            high = new float[x.length];
            for (int r = 0; r < rows.length; r++) {
                randoms[r] = seed.derive("square").generator(search.inputs.rowNumber(rows[r]));
                ball.box(search.inputs.array(), search.start(rows[r]), low, high, r * n);
                if (norm == Norm.LINF) {
                    stripes(r);
                } else {
                    tiles(r);
                }
                ball.project(x, r * n, search.inputs.array(), search.start(rows[r]), low, high);
            }
            margin = new double[0];
            candidates = new float[0];
        }

        void run() {
            margin = margins(search.ask(rows, numbers, x));
            drop();
            for (int query = 1; query < queries && rows.length > 0; query++) {
                candidates = x.clone();
                double p = shareAt(query);
                for (int r = 0; r < rows.length; r++) {
                    if (norm == Norm.LINF) {
                        square(r, p);
                    } else {
                        twoSquares(r, p);
                    }
                    ball.project(candidates, r * n, search.inputs.array(), search.start(rows[r]), low, high);
                }
                double[] now = margins(search.ask(rows, numbers, candidates));
                for (int r = 0; r < rows.length; r++) {
                    if (now[r] < margin[r]) {
                        margin[r] = now[r];
                        System.arraycopy(candidates, r * n, x, r * n, n);
                    }
                }
                drop();
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
        }

        /** What is to fall below zero: the label's logit less the largest other, or the reverse for a class to reach. */
        private double[] margins(Batch logits) {
            double[] margins = new double[rows.length];
            int[] labels = search.goal.targets(rows).labels();
            for (int r = 0; r < margins.length; r++) {
                double other = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < logits.shape().size(); c++) {
                    other = c == labels[r] ? other : Math.max(other, logits.get(r, c));
                }
                double difference = logits.get(r, labels[r]) - other;
                margins[r] = search.goal.targeted() ? -difference : difference;
            }
            return margins;
        }

        private void drop() {
            int[] kept = search.keep(rows);
            if (kept == null) {
                return;
            }
            rows = Search.pick(rows, kept);
            numbers = search.numbers(rows);
            x = Search.pick(x, n, kept);
            low = Search.pick(low, n, kept);
            high = Search.pick(high, n, kept);
            margin = Search.pick(margin, kept);
            RandomGenerator[] left = new RandomGenerator[kept.length];
            Arrays.setAll(left, k -> randoms[kept[k]]);
            randoms = left;
        }

        /** The side of a square that covers a share of the pixels, at least 1, within the image. */
        private int side(double p) {
            double pixels = p * height * width;
            int side = (int) Math.round(height == 1 ? pixels : Math.sqrt(pixels));
            int most = height == 1 ? width - 1 : Math.min(height, width) - 1;
            return Math.max(1, Math.min(side, Math.max(most, 1)));
        }

        private int tall(int side) {
            return Math.min(side, height);
        }

        /** Vertical stripes of −ε or ε. */
        private void stripes(int r) {
            for (int c = 0; c < channels; c++) {
                for (int column = 0; column < width; column++) {
                    float change = (float) (randoms[r].nextBoolean() ? epsilon : -epsilon);
                    for (int y = 0; y < height; y++) {
                        x[r * n + (c * height + y) * width + column] += change;
                    }
                }
            }
        }

        /** Sets one square to −ε or ε, a sign for each channel; draws again where that changes nothing. */
        private void square(int r, double p) {
            int side = side(p);
            RandomGenerator random = randoms[r];
            float[] clean = search.inputs.array();
            int in = search.start(rows[r]);
            for (int attempt = 0; attempt < 10; attempt++) {
                int top = random.nextInt(height - tall(side) + 1);
                int left = random.nextInt(width - side + 1);
                boolean changed = false;
                for (int c = 0; c < channels; c++) {
                    double change = random.nextBoolean() ? epsilon : -epsilon;
                    for (int y = top; y < top + tall(side); y++) {
                        for (int i = (c * height + y) * width + left, end = i + side; i < end; i++) {
                            float moved = (float) (clean[in + i] + change);
                            moved = Math.min(Math.max(moved, low[r * n + i]), high[r * n + i]);
                            changed |= moved != candidates[r * n + i];
                            candidates[r * n + i] = moved;
                        }
                    }
                }
                if (changed) {
                    return;
                }
            }
        }

        /** A grid of bumps that fills the ball. */
        private void tiles(int r) {
            int side = Math.max(1, (height == 1 ? width : Math.min(height, width)) / 5);
            double[] bump = bump(side, randoms[r].nextBoolean());
            double square = 0;
            double[] delta = new double[n];
            for (int c = 0; c < channels; c++) {
                for (int top = 0; top + tall(side) <= height; top += tall(side)) {
                    for (int left = 0; left + side <= width; left += side) {
                        double sign = randoms[r].nextBoolean() ? 1 : -1;
                        for (int y = 0; y < tall(side); y++) {
                            for (int i = 0; i < side; i++) {
                                double d = sign * bump[y * side + i];
                                delta[(c * height + top + y) * width + left + i] = d;
                                square += d * d;
                            }
                        }
                    }
                }
            }
            for (int i = 0; i < n; i++) {
                x[r * n + i] = (float) (x[r * n + i] + delta[i] * epsilon / Math.sqrt(square));
            }
        }

        /** Takes the mass of one square away, and adds it and what the ball leaves over to another (algorithm 3). */
        private void twoSquares(int r, double p) {
            // The window has an odd side, as a bump has a centre.
            int side = side(p);
            side += side % 2 == 0 && side + 1 <= (height == 1 ? width : Math.min(height, width)) ? 1 : 0;
            RandomGenerator random = randoms[r];
            float[] clean = search.inputs.array();
            int in = search.start(rows[r]);
            int tall = tall(side);
            int top = random.nextInt(height - tall + 1);
            int left = random.nextInt(width - side + 1);
            int otherTop = random.nextInt(height - tall + 1);
            int otherLeft = random.nextInt(width - side + 1);
            double[] bump = bump(side, random.nextBoolean());
            double total = norm.length(candidates, r * n, clean, in, n);
            double unused = Math.max(0, epsilon * epsilon - total * total);
            double[] delta = new double[n];
            for (int i = 0; i < n; i++) {
                delta[i] = (double) candidates[r * n + i] - clean[in + i];
            }
            for (int c = 0; c < channels; c++) {
                double first = 0;
                double both = 0;
                for (int y = 0; y < tall; y++) {
                    for (int i = 0; i < side; i++) {
                        int a = (c * height + top + y) * width + left + i;
                        int b = (c * height + otherTop + y) * width + otherLeft + i;
                        first += delta[a] * delta[a];
                        boolean shared = otherTop + y >= top
                                && otherTop + y < top + tall
                                && otherLeft + i >= left
                                && otherLeft + i < left + side;
                        both += shared ? 0 : delta[b] * delta[b];
                    }
                }
                double sign = random.nextBoolean() ? 1 : -1;
                double length = Math.sqrt(first);
                double[] fresh = new double[tall * side];
                double square = 0;
                for (int y = 0; y < tall; y++) {
                    for (int i = 0; i < side; i++) {
                        int a = (c * height + top + y) * width + left + i;
                        double d = sign * bump[y * side + i] + (length > 0 ? delta[a] / length : 0);
                        fresh[y * side + i] = d;
                        square += d * d;
                    }
                }
                if (square == 0) {
                    continue;
                }
                double scale = Math.sqrt(first + both + unused / channels) / Math.sqrt(square);
                for (int y = 0; y < tall; y++) {
                    for (int i = 0; i < side; i++) {
                        delta[(c * height + otherTop + y) * width + otherLeft + i] = 0;
                    }
                }
                for (int y = 0; y < tall; y++) {
                    for (int i = 0; i < side; i++) {
                        delta[(c * height + top + y) * width + left + i] = fresh[y * side + i] * scale;
                    }
                }
            }
            for (int i = 0; i < n; i++) {
                candidates[r * n + i] = (float) (clean[in + i] + delta[i]);
            }
        }

        /** Two pyramids of opposite sign beside one another, of norm 1 (the paper's η). */
        private double[] bump(int side, boolean turned) {
            int tall = tall(side);
            double[] bump = new double[tall * side];
            int half = (side + 1) / 2;
            double square = 0;
            for (int y = 0; y < tall; y++) {
                for (int i = 0; i < side; i++) {
                    int along = turned && tall > 1 ? y : i;
                    int across = turned && tall > 1 ? i : y;
                    int length = along < half ? half : side - half;
                    int place = along < half ? along : along - half;
                    double sign = along < half ? 1 : -1;
                    double d = sign * pyramid(place, length) * (tall > 1 ? pyramid(across, side) : 1);
                    bump[y * side + i] = d;
                    square += d * d;
                }
            }
            double scale = 1 / Math.sqrt(square);
            for (int i = 0; i < bump.length; i++) {
                bump[i] *= scale;
            }
            return bump;
        }

        /** Rises to the middle, Σ 1/k², as nested squares add up. */
        private static double pyramid(int place, int length) {
            int edge = Math.min(place, length - 1 - place);
            int middle = (length + 1) / 2;
            double sum = 0;
            for (int k = 0; k <= edge; k++) {
                double d = middle - k;
                sum += 1 / (d * d);
            }
            return sum;
        }
    }
}
