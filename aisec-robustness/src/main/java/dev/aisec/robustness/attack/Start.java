// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where decision-based attacks begin: for each row a point that achieves the goal, however far, left in the search. First
 * the given points, the nearest to the row first; then random ones of the box, in turn uniform and, as uniform noise often
 * is of one class, with each feature at an end of its range.
 */
final class Start {
    private static final int RANDOM = 100;

    private final Search search;
    private final Norm norm;
    private final @Nullable Batch points;
    private final Seed seed;

    Start(Search search, Norm norm, @Nullable Batch points, Seed seed) {
        this.search = search;
        this.norm = norm;
        this.points = points;
        this.seed = seed;
        if (points != null) {
            search.spec.requireInputs(points);
            points.requireFinite("starts");
        }
    }

    /** Seeks while a row has cost less than {@code most} queries. */
    void find(int most) {
        int n = search.n;
        int[] open = search.open();
        int[][] order = new int[search.inputs.size()][];
        RandomGenerator[] random = new RandomGenerator[order.length];
        for (int row : open) {
            order[row] = nearestFirst(row);
            random[row] = seed.derive("start").generator(search.inputs.rowNumber(row));
        }
        int given = points == null ? 0 : points.size();
        for (int k = 0; k < given + RANDOM; k++) {
            open = Arrays.stream(search.open())
                    .filter(row -> search.queries(row) < most)
                    .toArray();
            if (open.length == 0) {
                return;
            }
            float[] x = new float[Math.multiplyExact(open.length, n)];
            for (int r = 0; r < open.length; r++) {
                if (points != null && k < given) {
                    System.arraycopy(points.row(order[open[r]][k]), 0, x, r * n, n);
                    clip(x, r * n);
                } else {
                    draw(random[open[r]], k - given, open[r], x, r * n);
                }
            }
            search.decide(open, search.numbers(open), x);
        }
    }

    private int[] nearestFirst(int row) {
        if (points == null) {
            return new int[0];
        }
        Batch all = points;
        int n = search.n;
        double[] distance = new double[all.size()];
        for (int i = 0; i < distance.length; i++) {
            distance[i] = norm.length(all.array(), all.offset() + i * n, search.inputs.array(), search.start(row), n);
        }
        return IntStream.range(0, distance.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> distance[i]))
                .mapToInt(i -> i)
                .toArray();
    }

    private void draw(RandomGenerator random, int k, int row, float[] x, int at) {
        Bounds bounds = search.bounds;
        GaussianNoise normal = new GaussianNoise(random);
        double share = k % 2 == 0 ? 0 : random.nextDouble();
        for (int i = 0; i < search.n; i++) {
            double low = bounds.lower(i);
            double high = bounds.upper(i);
            double value;
            if (low == Double.NEGATIVE_INFINITY || high == Double.POSITIVE_INFINITY) {
                // No box to draw from: ever wider around the input.
                double input = search.inputs.get(row, i);
                value = input + (1 + Math.abs(input)) * Math.pow(2, k / 4.0) * normal.next();
            } else if (k % 2 == 0) {
                value = low + (high - low) * random.nextDouble();
            } else {
                value = random.nextDouble() < share ? high : low;
            }
            x[at + i] = bounds.clip(i, (float) value);
        }
    }

    private void clip(float[] x, int at) {
        for (int i = 0; i < search.n; i++) {
            x[at + i] = search.bounds.clip(i, x[at + i]);
        }
    }
}
