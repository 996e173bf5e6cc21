// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * HopSkipJump: walks along the decision boundary towards the input, by decisions of the model alone. It looks for the
 * nearest sample that achieves the goal, in L2 or L∞.
 *
 * <p>Guarantee: every returned sample lies inside the model's bounds; the nearest one that was seen to achieve the goal is
 * returned; no row costs more than {@code queries} forward passes, those on the input itself and for the confirmation
 * included. It calls {@link Classifier#predict} only. The distance is an upper bound of the least one, not a proof. A row
 * for which no start was found fails.
 *
 * <p>Iteration t: (1) bisection between input x* and point gives x_t at the boundary, to a relative θ; (2) the direction is
 * v = Σ_b (φ_b − φ̄) u_b over B_t = B √t probes x_t + δ u_b, where u_b is uniform on the sphere (for L∞ the direction of
 * uniform noise in a cube, as in the authors' code), φ_b tells whether the goal is achieved, and δ = ‖x_t − x*‖ / d; (3) a
 * step along v / ‖v‖₂ or sign(v) of size ‖x_t − x*‖ / √t, halved until the goal is achieved. θ is d^(−3/2) for L2 and d⁻² for
 * L∞; unlike the authors' it is kept between 1e-6 and 1e-3, and δ above the resolution of float.
 *
 * <p>Source: Chen, Jordan, Wainwright, HopSkipJumpAttack: A Query-Efficient Decision-Based Attack, IEEE S&amp;P 2020,
 * algorithms 1 and 2. Clause 7.3.2-5.
 *
 * @param norm what is to be small, L2 or L∞
 * @param queries most forward passes for each row; at least 3
 * @param probes B: probes of the first iteration; at least 2; Chen et al. use 100
 * @param starts points to start from, tried in the order of their distance to the row, inside the model's bounds or clipped to
 *     them: for a target, examples of that class; null for none. Without one that serves, random points of the box are tried
 * @param seed seed of starts and probes
 */
public record HopSkipJump(
        Norm norm, int queries, int probes, @Nullable Batch starts, Seed seed)
        implements MinimumNormAttack<Classifier> {
    /** Floats of the candidates of one call of the model. */
    private static final int CHUNK = 1 << 20;

    /** Checks the components. */
    public HopSkipJump {
        if (norm != Norm.L2 && norm != Norm.LINF) {
            throw new IllegalArgumentException("norm must be LINF or L2, was " + norm);
        }
        Square.requireQueries(queries);
        if (probes < 2) {
            throw new IllegalArgumentException("probes must be >= 2, was " + probes);
        }
    }

    /**
     * 10,000 queries, 100 probes at first, random starts.
     *
     * @param norm what is to be small, L2 or L∞
     * @return the attack
     */
    public static HopSkipJump of(Norm norm) {
        return new HopSkipJump(norm, 10_000, 100, null, new Seed(0));
    }

    /**
     * The same attack with another budget.
     *
     * @param count most forward passes for each row
     * @return the attack
     */
    public HopSkipJump withQueries(int count) {
        return new HopSkipJump(norm, count, probes, starts, seed);
    }

    /**
     * The same attack with given points to start from.
     *
     * @param points for every row, whichever achieve its goal; shared
     * @return the attack
     */
    public HopSkipJump withStarts(Batch points) {
        return new HopSkipJump(norm, queries, probes, points, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public HopSkipJump withSeed(Seed other) {
        return new HopSkipJump(norm, queries, probes, starts, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        return perturb(model, inputs, goal, 0);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, norm);
        search.enough = enough;
        new Start(search, norm, starts, seed).find(queries - 1);
        int[] rows = search.broken();
        if (rows.length > 0) {
            new Walk(search, rows).walk();
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    /** Arrays hold the rows, one after the other; a row whose budget is spent is left out. */
    private final class Walk {
        private final Search search;
        private final int n;
        private final int[] rows;
        private final float[] clean;
        private final float[] low;
        private final float[] high;
        private final RandomGenerator[] random;
        private final GaussianNoise[] normal;
        /** A point that achieves the goal, at the boundary after bisection. */
        private final float[] x;

        private final float[] direction;
        private final double theta;

        Walk(Search search, int[] rows) {
            this.search = search;
            this.rows = rows;
            n = search.n;
            clean = search.inputs.array();
            low = new float[n];
            high = new float[n];
            for (int i = 0; i < n; i++) {
                low[i] = search.bounds.lower(i);
                high[i] = search.bounds.upper(i);
            }
            random = new RandomGenerator[rows.length];
            normal = new GaussianNoise[rows.length];
            x = new float[rows.length * n];
            direction = new float[x.length];
            for (int r = 0; r < rows.length; r++) {
                random[r] = seed.derive("hop-skip-jump").generator(search.inputs.rowNumber(rows[r]));
                normal[r] = new GaussianNoise(random[r]);
                search.copySample(rows[r], x, r * n);
            }
            theta = Math.min(Math.max(norm == Norm.L2 ? Math.pow(n, -1.5) : Math.pow(n, -2), 1e-6), 1e-3);
        }

        void walk() {
            int reserve = (int) Math.ceil(-Math.log(theta) / Math.log(2)) + 4;
            int[] all = new int[rows.length];
            Arrays.setAll(all, r -> r);
            bisect(all);
            for (int t = 1; ; t++) {
                int wanted = (int) Math.min(probes * Math.sqrt(t), 10_000);
                int[] active = Arrays.stream(all)
                        .filter(r -> left(r) >= reserve + 2 && distance(r) > 0 && !search.isDone(rows[r]))
                        .toArray();
                if (active.length == 0) {
                    return;
                }
                int[] counts = new int[active.length];
                Arrays.setAll(counts, a -> Math.min(wanted, left(active[a]) - reserve));
                estimate(active, counts);
                step(active, t);
                bisect(active);
            }
        }

        /** Queries that a row may still cost, but for the confirmation. */
        private int left(int r) {
            return queries - 1 - search.queries(rows[r]);
        }

        private double distance(int r) {
            return norm.length(x, r * n, clean, search.start(rows[r]), n);
        }

        private boolean[] decide(int[] active, float[] candidates) {
            int[] numbers = Search.pick(rows, active);
            return search.decide(numbers, search.numbers(numbers), candidates);
        }

        /** Moves points towards their inputs, to the boundary. */
        private void bisect(int[] of) {
            int[] active = of;
            double[] far = new double[rows.length];
            double[] near = new double[rows.length];
            double[] precision = new double[rows.length];
            float[] from = x.clone();
            for (int r : of) {
                far[r] = norm == Norm.L2 ? 1 : distance(r);
                precision[r] = theta * (norm == Norm.L2 ? 1 : Math.min(1, far[r]));
            }
            while (true) {
                active = Arrays.stream(active)
                        .filter(r -> far[r] - near[r] > precision[r] && left(r) > 0 && !search.isDone(rows[r]))
                        .toArray();
                if (active.length == 0) {
                    return;
                }
                float[] middle = new float[active.length * n];
                for (int a = 0; a < active.length; a++) {
                    int r = active[a];
                    between(from, r, (far[r] + near[r]) / 2, middle, a * n);
                }
                boolean[] achieved = decide(active, middle);
                for (int a = 0; a < active.length; a++) {
                    int r = active[a];
                    if (achieved[a]) {
                        far[r] = (far[r] + near[r]) / 2;
                        System.arraycopy(middle, a * n, x, r * n, n);
                    } else {
                        near[r] = (far[r] + near[r]) / 2;
                    }
                }
            }
        }

        /** A point of the segment (L2), or the point clipped to a cube around the input (L∞). */
        private void between(float[] from, int r, double alpha, float[] to, int at) {
            int in = search.start(rows[r]);
            for (int i = 0; i < n; i++) {
                double c = clean[in + i];
                double d = from[r * n + i] - c;
                d = norm == Norm.L2 ? alpha * d : Math.min(Math.max(d, -alpha), alpha);
                // Between two points of the box, but for rounding.
                to[at + i] = Math.min(Math.max((float) (c + d), low[i]), high[i]);
            }
        }

        /** Estimates the direction in which the goal is achieved the more, from {@code counts} probes of each row. */
        private void estimate(int[] active, int[] counts) {
            int total = Arrays.stream(counts).sum();
            int most = Math.max(1, CHUNK / n);
            float[][] yes = new float[active.length][n];
            float[][] no = new float[active.length][n];
            int[] achieved = new int[active.length];
            double[] delta = new double[active.length];
            for (int a = 0; a < active.length; a++) {
                delta[a] = radius(active[a]);
            }
            int a = 0;
            int done = 0;
            for (int from = 0; from < total; from += most) {
                int size = Math.min(most, total - from);
                int[] owners = new int[size];
                float[] candidates = new float[size * n];
                for (int k = 0; k < size; k++) {
                    if (done == counts[a]) {
                        a++;
                        done = 0;
                    }
                    owners[k] = a;
                    probe(active[a], delta[a], candidates, k * n);
                    done++;
                }
                boolean[] answers = decide(Search.pick(active, owners), candidates);
                for (int k = 0; k < size; k++) {
                    int owner = owners[k];
                    achieved[owner] += answers[k] ? 1 : 0;
                    add(answers[k] ? yes[owner] : no[owner], candidates, k * n, active[owner] * n);
                }
            }
            for (int b = 0; b < active.length; b++) {
                // Σ (φ − φ̄) u; where all answers are equal, Σ φ u.
                double share = (double) achieved[b] / counts[b];
                double plus = share == 1 ? 1 : 1 - share;
                double minus = share == 0 ? 1 : share;
                for (int i = 0; i < n; i++) {
                    direction[active[b] * n + i] = (float) (plus * yes[b][i] - minus * no[b][i]);
                }
            }
        }

        private double radius(int r) {
            float largest = 1;
            for (int i = r * n; i < (r + 1) * n; i++) {
                largest = Math.max(largest, Math.abs(x[i]));
            }
            // Each feature of a probe moves by about δ/√n: by 16 ulps at least.
            return Math.max(distance(r) / n, Math.sqrt(n) * 16 * Math.ulp(largest));
        }

        private void probe(int r, double delta, float[] to, int at) {
            double square = 0;
            for (int i = at; i < at + n; i++) {
                float z = norm == Norm.L2 ? (float) normal[r].next() : 2 * random[r].nextFloat() - 1;
                to[i] = z;
                square += z * z;
            }
            float scale = square > 0 ? (float) (delta / Math.sqrt(square)) : 0;
            int from = r * n;
            for (int i = 0; i < n; i++) {
                to[at + i] = Math.min(Math.max(x[from + i] + scale * to[at + i], low[i]), high[i]);
            }
        }

        private void add(float[] sum, float[] candidates, int at, int from) {
            for (int i = 0; i < n; i++) {
                sum[i] += candidates[at + i] - x[from + i];
            }
        }

        /** Goes along the direction, by halves until the goal is achieved; where it is not, the point stays. */
        private void step(int[] of, int t) {
            double[] size = new double[rows.length];
            for (int r : of) {
                size[r] = distance(r) / Math.sqrt(t);
                normalize(r);
            }
            int[] active = of;
            for (int halved = 0; halved < 30; halved++) {
                active = Arrays.stream(active).filter(r -> left(r) > 0).toArray();
                if (active.length == 0) {
                    return;
                }
                float[] next = new float[active.length * n];
                for (int a = 0; a < active.length; a++) {
                    int r = active[a];
                    for (int i = 0; i < n; i++) {
                        double moved = x[r * n + i] + size[r] * direction[r * n + i];
                        next[a * n + i] = Math.min(Math.max((float) moved, low[i]), high[i]);
                    }
                    size[r] /= 2;
                }
                boolean[] achieved = decide(active, next);
                int[] failed = new int[active.length];
                int count = 0;
                for (int a = 0; a < active.length; a++) {
                    if (achieved[a]) {
                        System.arraycopy(next, a * n, x, active[a] * n, n);
                    } else {
                        failed[count++] = active[a];
                    }
                }
                active = Arrays.copyOf(failed, count);
            }
        }

        private void normalize(int r) {
            double square = 0;
            for (int i = r * n; i < (r + 1) * n; i++) {
                square += (double) direction[i] * direction[i];
            }
            float scale = square > 0 ? (float) (1 / Math.sqrt(square)) : 0;
            for (int i = r * n; i < (r + 1) * n; i++) {
                direction[i] = norm == Norm.L2 ? direction[i] * scale : Math.signum(direction[i]);
            }
        }
    }
}
