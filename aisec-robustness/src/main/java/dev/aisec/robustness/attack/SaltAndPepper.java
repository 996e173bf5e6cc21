// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Salt-and-pepper noise, as little as breaks a row: a baseline for sparse attacks. Black-box.
 *
 * <p>Guarantee: every changed feature stands at an end of its range; one pixel fewer of the same noise did not break the row.
 * The distance is the number of changed features (L0); it is an upper bound of the smallest one, often far above. There is no
 * ball.
 *
 * <p>Assumption: the bounds of the model are finite. Inputs of shape [channels, height, width] change by whole pixels, all
 * channels to the same end; others by single features.
 *
 * <p>For each row a random order of the pixels, each with a random end, is fixed. The share that is set rises in equal steps
 * until the row breaks; bisection then finds a number of pixels that breaks it where one fewer does not. Further orders count
 * only if they do with fewer pixels.
 *
 * <p>Source: the salt-and-pepper attack of Rauber, Brendel, Bethge, Foolbox, 2017, with bisection in place of its shrinking
 * range of shares. Clause 7.3.2-5.
 *
 * @param steps in how many steps the share rises to 1; at least 1
 * @param orders how many orders of the pixels are tried; at least 1
 * @param seed seed of the orders
 */
public record SaltAndPepper(int steps, int orders, Seed seed) implements Attack<Classifier> {
    /** Checks the components. */
    public SaltAndPepper {
        if (steps < 1 || orders < 1) {
            throw new IllegalArgumentException("steps and orders must be >= 1, were " + steps + " and " + orders);
        }
    }

    /**
     * 50 steps and 5 orders: our choice.
     *
     * @return the attack
     */
    public static SaltAndPepper standard() {
        return new SaltAndPepper(50, 5, new Seed(0));
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public SaltAndPepper withSeed(Seed other) {
        return new SaltAndPepper(steps, orders, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, Norm.L0);
        SparseRs.requireFinite(search.bounds);
        Shape shape = inputs.shape();
        int sites = shape.rank() == 3 ? shape.dimension(1) * shape.dimension(2) : search.n;
        int[] all = search.open();
        int[] best = new int[inputs.size()];
        Arrays.fill(best, sites + 1);
        for (int k = 0; k < orders; k++) {
            Seed stream = seed.derive("salt-and-pepper-" + k);
            Noise noise = new Noise(search, sites);
            for (int row : all) {
                if (best[row] > 1) {
                    noise.draw(stream.generator(inputs.rowNumber(row)), row);
                }
            }
            reduce(noise, rise(noise, all, best), best);
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    /** Raises the share; returns the rows that this order breaks with fewer pixels than before, and writes how many. */
    private int[] rise(Noise noise, int[] all, int[] best) {
        int sites = noise.sites;
        int[] broken = new int[all.length];
        int count = 0;
        int[] rows = Arrays.stream(all).filter(row -> best[row] > 1).toArray();
        int[] number = new int[best.length];
        // Never the same number twice.
        int last = Math.min(steps, sites);
        for (int step = 1; step <= last && rows.length > 0; step++) {
            int share = (int) ((long) step * sites / last);
            for (int row : rows) {
                // What broke before must be done with fewer: one question tells whether it can.
                number[row] = best[row] <= sites ? best[row] - 1 : share;
            }
            boolean[] success = noise.breaks(rows, number);
            int[] left = new int[rows.length];
            int more = 0;
            for (int r = 0; r < rows.length; r++) {
                int row = rows[r];
                if (success[r]) {
                    best[row] = number[row];
                    broken[count++] = row;
                } else if (best[row] > sites) {
                    noise.below[row] = number[row];
                    left[more++] = row;
                }
            }
            rows = Arrays.copyOf(left, more);
        }
        return Arrays.copyOf(broken, count);
    }

    /** Bisects between a number that does not break a row and one that does. */
    private static void reduce(Noise noise, int[] broken, int[] best) {
        int[] middle = new int[best.length];
        while (true) {
            int[] rows = Arrays.stream(broken)
                    .filter(row -> best[row] - noise.below[row] > 1)
                    .toArray();
            if (rows.length == 0) {
                return;
            }
            for (int row : rows) {
                middle[row] = (noise.below[row] + best[row]) >>> 1;
            }
            boolean[] success = noise.breaks(rows, middle);
            for (int r = 0; r < rows.length; r++) {
                (success[r] ? best : noise.below)[rows[r]] = middle[rows[r]];
            }
        }
    }

    /** One order of the pixels for each row. */
    private static final class Noise {
        private final Search search;
        private final int sites;
        private final int[][] order;
        private final boolean[][] salt;
        /** A number of pixels that does not break the row. */
        private final int[] below;

        Noise(Search search, int sites) {
            this.search = search;
            this.sites = sites;
            int rows = search.inputs.size();
            order = new int[rows][];
            salt = new boolean[rows][];
            below = new int[rows];
        }

        void draw(RandomGenerator random, int row) {
            int[] shuffled = new int[sites];
            boolean[] ends = new boolean[sites];
            for (int s = 0; s < sites; s++) {
                int t = random.nextInt(s + 1);
                shuffled[s] = shuffled[t];
                shuffled[t] = s;
                ends[s] = random.nextBoolean();
            }
            order[row] = shuffled;
            salt[row] = ends;
        }

        /** Which rows break with the first {@code number} pixels of their order set. */
        boolean[] breaks(int[] rows, int[] number) {
            int n = search.n;
            float[] x = search.inputsOf(rows);
            for (int r = 0; r < rows.length; r++) {
                for (int s = 0; s < number[rows[r]]; s++) {
                    for (int i = order[rows[r]][s]; i < n; i += sites) {
                        x[r * n + i] = salt[rows[r]][s] ? search.bounds.upper(i) : search.bounds.lower(i);
                    }
                }
            }
            int[] predicted = Logits.argmax(search.ask(rows, search.numbers(rows), x));
            boolean[] success = new boolean[rows.length];
            for (int r = 0; r < rows.length; r++) {
                success[r] = search.goal.achieved(rows[r], predicted[r]);
                search.tried(rows[r], x, r * n);
            }
            return success;
        }
    }
}
