// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Shape;
import java.util.random.RandomGenerator;

/**
 * Sparse-RS: random search for k features that, set to the ends of their range, break a row. Black-box: it needs logits only.
 *
 * <p>Guarantee: at most k features differ from the input, each changed one stands at an end of its range, and a row is asked
 * about at most {@code queries} candidates; besides, its input once, and a sample that broke it once more. A broken row is
 * not queried any more. What it does not find may exist.
 *
 * <p>Assumption: the bounds of the model are finite.
 *
 * <p>A set M of k features starts at random with random ends. Each iteration puts back max(1, ⌊α k⌋) features of M, chosen by
 * chance, and takes as many others with random ends in their place; that is kept if the loss falls. The loss is the margin
 * z_y − max_{c≠y} z_c (avoid), or the cross-entropy of the target (reach). α falls from {@code startShare} to
 * {@code startShare}/20 in the authors' schedule, stretched to the number of queries.
 *
 * <p>Source: Croce, Andriushchenko, Singh, Flammarion, Hein, Sparse-RS: A Versatile Framework for Query-Efficient Sparse
 * Black-Box Adversarial Attacks, AAAI 2022, algorithms 1 and 2. Clause 7.3.2-5.
 *
 * @param features k, how many features may change; at least 1
 * @param pixels whether all channels of a pixel change together, as in the paper: then ⌊k / channels⌋ pixels change, which
 *     must be at least 1; inputs must have shape [channels, height, width]
 * @param queries candidates at most for each row; at least 1; Croce et al. use up to 10,000
 * @param startShare α before the schedule, in (0, 1]; Croce et al. use 0.3
 * @param seed seed of the search
 */
public record SparseRs(int features, boolean pixels, int queries, double startShare, Seed seed)
        implements BallAttack<Classifier> {
    /** The schedule: from these iterations of 10,000 on, α is the start over the divisor of the same place. */
    private static final int[] FROM = {0, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};

    private static final double[] DIVISOR = {2, 4, 5, 6, 8, 10, 12, 15, 20};

    /** Checks the components. */
    public SparseRs {
        if (features < 1) {
            throw new IllegalArgumentException("features must be >= 1, was " + features);
        }
        if (queries < 1) {
            throw new IllegalArgumentException("queries must be >= 1, was " + queries);
        }
        if (!(startShare > 0 && startShare <= 1)) {
            throw new IllegalArgumentException("startShare must be in (0, 1], was " + startShare);
        }
    }

    /**
     * 5,000 queries, α from 0.3, single features.
     *
     * @param features how many features may change
     * @return the attack
     */
    public static SparseRs of(int features) {
        return new SparseRs(features, false, 5000, 0.3, new Seed(0));
    }

    @Override
    public Norm norm() {
        return Norm.L0;
    }

    /** How many features may change. */
    @Override
    public double epsilon() {
        return features;
    }

    /** With another number of features: a whole number, at least 1. */
    @Override
    public SparseRs withEpsilon(double count) {
        return new SparseRs(requireCount(count), pixels, queries, startShare, seed);
    }

    /**
     * The same attack on whole pixels: all channels of a pixel change together.
     *
     * @return the attack
     */
    public SparseRs withPixels() {
        return new SparseRs(features, true, queries, startShare, seed);
    }

    /**
     * The same attack with another number of queries.
     *
     * @param count candidates at most for each row
     * @return the attack
     */
    public SparseRs withQueries(int count) {
        return new SparseRs(features, pixels, count, startShare, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public SparseRs withSeed(Seed other) {
        return new SparseRs(features, pixels, queries, startShare, other);
    }

    /** A radius in L0 as a number of features. */
    static int requireCount(double epsilon) {
        if (!(epsilon >= 1 && epsilon <= Integer.MAX_VALUE && epsilon == Math.rint(epsilon))) {
            throw new IllegalArgumentException("epsilon must be a whole number of features >= 1 in L0, was " + epsilon);
        }
        return (int) epsilon;
    }

    static void requireFinite(Bounds bounds) {
        for (int i = 0; i < bounds.features(); i++) {
            if (!Float.isFinite(bounds.lower(i)) || !Float.isFinite(bounds.upper(i))) {
                throw new IllegalArgumentException("bounds of the model must be finite, were " + bounds.lower(i)
                        + " and " + bounds.upper(i) + " at feature " + i);
            }
        }
    }

    /** Channels that change together. */
    private int channels(Shape shape) {
        if (!pixels) {
            return 1;
        }
        if (shape.rank() != 3) {
            throw new IllegalArgumentException(
                    "inputs must have shape [channels, height, width] to change whole pixels, was " + shape);
        }
        if (features < shape.dimension(0)) {
            throw new IllegalArgumentException(
                    "features must be >= " + shape.dimension(0) + ", the channels of a pixel, was " + features);
        }
        return shape.dimension(0);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, Norm.L0);
        requireFinite(search.bounds);
        int channels = channels(inputs.shape());
        int[] rows = search.open();
        if (rows.length > 0) {
            new Run(search, rows, channels).run();
        }
        return search.result(features);
    }

    /** How many sites an iteration exchanges. */
    static int moved(double startShare, int chosen, int iteration, int queries) {
        long of10000 = 10_000L * iteration / queries;
        int stage = 0;
        while (stage + 1 < FROM.length && of10000 > FROM[stage + 1]) {
            stage++;
        }
        double share = of10000 > 0 ? startShare / DIVISOR[stage] : startShare;
        // 1e-9 keeps 0.3 / 6 · 1000 from falling below 50 by rounding alone.
        return Math.max(1, (int) (share * chosen + 1e-9));
    }

    /** The state of a search; arrays hold the rows that are still open, one after the other. A site is a feature or a pixel. */
    private final class Run {
        private final Search search;
        private final int channels;
        private final int sites;
        private final int chosen;
        private int[] rows;
        private Batch numbers;
        private int[] labels;
        /** The candidates. */
        private float[] x;
        /** For each row an order of the sites; those before {@code chosen} are M. */
        private int[][] order;

        private RandomGenerator[] random;
        private double[] loss;

        Run(Search search, int[] rows, int channels) {
            this.search = search;
            this.rows = rows;
            this.channels = channels;
            sites = search.n / channels;
            chosen = Math.min(features / channels, sites);
            numbers = search.numbers(rows);
            labels = search.goal.targets(rows).labels();
            x = search.inputsOf(rows);
            order = new int[rows.length][sites];
            random = new RandomGenerator[rows.length];
            loss = new double[rows.length];
            for (int r = 0; r < rows.length; r++) {
                random[r] = seed.derive("sparse-rs").generator(search.inputs.rowNumber(rows[r]));
                for (int s = 0; s < sites; s++) {
                    order[r][s] = s;
                }
                shuffle(r, 0, chosen, sites);
                for (int s = 0; s < chosen; s++) {
                    draw(r, order[r][s]);
                }
            }
        }

        void run() {
            Batch logits = search.ask(rows, numbers, x);
            for (int r = 0; r < rows.length; r++) {
                loss[r] = loss(logits, r, labels[r], search.goal.targeted());
            }
            drop();
            // Where every site is in M there is nothing to exchange: then the ends of those chosen are drawn again.
            float[] saved = new float[0];
            for (int i = 1; i < queries && rows.length > 0; i++) {
                int moved = moved(startShare, chosen, i, queries);
                int taken = Math.min(moved, sites - chosen);
                int width = (moved + taken) * channels;
                saved = saved.length < rows.length * width ? new float[rows.length * width] : saved;
                for (int r = 0; r < rows.length; r++) {
                    propose(r, moved, taken, saved, r * width);
                }
                logits = search.ask(rows, numbers, x);
                for (int r = 0; r < rows.length; r++) {
                    double now = loss(logits, r, labels[r], search.goal.targeted());
                    if (now < loss[r]) {
                        loss[r] = now;
                    } else if (!search.isBroken(rows[r])) {
                        undo(r, moved, taken, saved, r * width);
                    }
                }
                drop();
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * search.n);
            }
        }

        /** Exchanges sites and remembers what stood there. */
        private void propose(int r, int moved, int taken, float[] saved, int at) {
            shuffle(r, 0, moved, chosen);
            shuffle(r, chosen, taken, sites);
            int to = at;
            for (int s = 0; s < moved + taken; s++) {
                int site = order[r][s < moved ? s : chosen + s - moved];
                for (int c = 0; c < channels; c++) {
                    saved[to++] = x[r * search.n + c * sites + site];
                }
            }
            for (int s = 0; s < moved; s++) {
                if (s < taken) {
                    restore(r, order[r][s]);
                    exchange(r, s, chosen + s);
                }
                draw(r, order[r][s]);
            }
        }

        private void undo(int r, int moved, int taken, float[] saved, int at) {
            for (int s = 0; s < taken; s++) {
                exchange(r, s, chosen + s);
            }
            int from = at;
            for (int s = 0; s < moved + taken; s++) {
                int site = order[r][s < moved ? s : chosen + s - moved];
                for (int c = 0; c < channels; c++) {
                    x[r * search.n + c * sites + site] = saved[from++];
                }
            }
        }

        /** Brings {@code count} random sites out of those before {@code end} to the places from {@code begin} on. */
        private void shuffle(int r, int begin, int count, int end) {
            for (int s = begin; s < begin + count; s++) {
                exchange(r, s, s + random[r].nextInt(end - s));
            }
        }

        private void exchange(int r, int a, int b) {
            int[] of = order[r];
            int site = of[a];
            of[a] = of[b];
            of[b] = site;
        }

        private void draw(int r, int site) {
            for (int c = 0; c < channels; c++) {
                int feature = c * sites + site;
                x[r * search.n + feature] =
                        random[r].nextBoolean() ? search.bounds.upper(feature) : search.bounds.lower(feature);
            }
        }

        private void restore(int r, int site) {
            for (int c = 0; c < channels; c++) {
                int feature = c * sites + site;
                x[r * search.n + feature] = search.inputs.array()[search.start(rows[r]) + feature];
            }
        }

        private void drop() {
            int[] kept = search.keep(rows);
            if (kept == null) {
                return;
            }
            rows = Search.pick(rows, kept);
            numbers = search.numbers(rows);
            labels = Search.pick(labels, kept);
            x = Search.pick(x, search.n, kept);
            loss = Search.pick(loss, kept);
            int[][] orders = new int[kept.length][];
            RandomGenerator[] generators = new RandomGenerator[kept.length];
            for (int k = 0; k < kept.length; k++) {
                orders[k] = order[kept[k]];
                generators[k] = random[kept[k]];
            }
            order = orders;
            random = generators;
        }
    }

    /** What falls when a row comes nearer to the goal: the margin of the label, or the cross-entropy of the target. */
    static double loss(Batch logits, int row, int label, boolean targeted) {
        int classes = logits.shape().size();
        float[] z = logits.array();
        int at = logits.offset() + row * classes;
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            max = c == label ? max : Math.max(max, z[at + c]);
        }
        if (!targeted) {
            return z[at + label] - max;
        }
        max = Math.max(max, z[at + label]);
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Math.exp(z[at + c] - max);
        }
        return Math.log(sum) + max - z[at + label];
    }
}
