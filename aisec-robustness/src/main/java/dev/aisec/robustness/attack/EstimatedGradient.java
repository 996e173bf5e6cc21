// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Projected gradient descent with gradients that are estimated from differences of scores: NES and SPSA. Needs logits, no
 * gradients: it also works where gradients are masked or shattered.
 *
 * <p>Guarantee: samples lie inside ball and bounds, float rounding included; no row costs more than {@code queries}
 * forward passes, those on the input itself and for the confirmation included; a row that is broken is not queried any
 * more. It gives an upper bound of robust accuracy, not a proof.
 *
 * <p>A step estimates g = 1/(2 m σ) Σ_j (f(x + σ u_j) − f(x − σ u_j)) u_j over m = directions pairs, averages it with those
 * before, v ← 0.9 v + 0.1 g, goes x ← Π(x − η d(v)) with the sign of v (L∞), its direction (L2) or the sign of its largest
 * twentieth (L1), and asks about the new point. The points of the estimate are clipped to the bounds; they may leave the
 * ball, and are no candidates. The average is that of the authors' code for NES, and Adam's first moment for SPSA.
 *
 * <p>Source: NES: Ilyas, Engstrom, Athalye, Lin, Black-box Adversarial Attacks with Limited Queries and Information, ICML
 * 2018, algorithm 1 and section 3.1. SPSA: Uesato, O'Donoghue, Kohli, van den Oord, Adversarial Risk and the Dangers of
 * Evaluating Against Weak Attacks, ICML 2018, algorithm 1; here with the step of the ball, where they
 * use all of Adam. Clause 7.3.2-5.
 *
 * @param kind law of the directions, and score
 * @param norm norm of the ball
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param relativeStep step size η over ε; positive and finite
 * @param sigma σ: how far from the point scores are asked for, in units of the inputs; positive and finite
 * @param directions m: pairs of queries of a step; at least 1
 * @param queries most forward passes for each row; at least 3; the last step takes as many pairs as are left
 * @param seed seed of the directions
 */
public record EstimatedGradient(
        Kind kind, Norm norm, double epsilon, double relativeStep, double sigma, int directions, int queries, Seed seed)
        implements BallAttack<Classifier> {
    /** Floats of the candidates of one call of the model. */
    private static final int CHUNK = 1 << 20;

    /** What a step takes over from the estimates before. */
    private static final float MOMENTUM = 0.9f;

    /** How directions are drawn, and what is lowered. */
    public enum Kind {
        /** Natural evolution strategies: Gaussian directions, the log odds of the class. */
        NES(Score.LOG_ODDS),
        /** Simultaneous perturbation stochastic approximation: directions of ±1, the margin of the logits. */
        SPSA(Score.MARGIN);

        private final Score score;

        Kind(Score score) {
            this.score = score;
        }
    }

    /** Checks the components. */
    public EstimatedGradient {
        Pgd.requireRadius(epsilon);
        Pgd.requirePositive("relativeStep", relativeStep);
        Pgd.requirePositive("sigma", sigma);
        if (directions < 1) {
            throw new IllegalArgumentException("directions must be >= 1, was " + directions);
        }
        Square.requireQueries(queries);
    }

    /**
     * NES: 25 Gaussian pairs (50 samples) with σ = 0.001 and steps of ε/5 (0.01 for 0.05) as Ilyas et al., 10,000 queries.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static EstimatedGradient nes(Norm norm, double epsilon) {
        return new EstimatedGradient(Kind.NES, norm, epsilon, 0.2, 0.001, 25, 10_000, new Seed(0));
    }

    /**
     * SPSA: 64 pairs with δ = 0.01 and steps of ε/5, 10,000 queries. Uesato et al. take up to 4,096 pairs for strong models.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static EstimatedGradient spsa(Norm norm, double epsilon) {
        return new EstimatedGradient(Kind.SPSA, norm, epsilon, 0.2, 0.01, 64, 10_000, new Seed(0));
    }

    @Override
    public EstimatedGradient withEpsilon(double other) {
        return new EstimatedGradient(kind, norm, other, relativeStep, sigma, directions, queries, seed);
    }

    /**
     * The same attack with another step.
     *
     * @param size step size over ε
     * @return the attack
     */
    public EstimatedGradient withStep(double size) {
        return new EstimatedGradient(kind, norm, epsilon, size, sigma, directions, queries, seed);
    }

    /**
     * The same attack with another estimate.
     *
     * @param distance σ, in units of the inputs
     * @param pairs pairs of queries of a step
     * @return the attack
     */
    public EstimatedGradient withEstimate(double distance, int pairs) {
        return new EstimatedGradient(kind, norm, epsilon, relativeStep, distance, pairs, queries, seed);
    }

    /**
     * The same attack with another budget.
     *
     * @param count most forward passes for each row
     * @return the attack
     */
    public EstimatedGradient withQueries(int count) {
        return new EstimatedGradient(kind, norm, epsilon, relativeStep, sigma, directions, count, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public EstimatedGradient withSeed(Seed other) {
        return new EstimatedGradient(kind, norm, epsilon, relativeStep, sigma, directions, queries, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        int[] rows = search.open();
        if (rows.length > 0) {
            new Descent(search, rows).descend();
        }
        return search.result(epsilon);
    }

    /** Arrays hold the rows that are still open, one after the other. They all have cost as many queries. */
    private final class Descent {
        private final Search search;
        private final Ball ball;
        private final int n;
        private int[] rows;
        private RandomGenerator[] random;
        private GaussianNoise[] normal;
        private float[] x;
        private float[] velocity;
        private float[] low;
        private float[] high;

        Descent(Search search, int[] rows) {
            this.search = search;
            this.rows = rows;
            n = search.n;
            ball = new Ball(norm, epsilon, search.bounds, n);
            x = search.inputsOf(rows);
            velocity = new float[x.length];
            low = new float[x.length];
            high = new float[x.length];
            random = new RandomGenerator[rows.length];
            normal = new GaussianNoise[rows.length];
            for (int r = 0; r < rows.length; r++) {
                random[r] = seed.derive("estimate").generator(search.inputs.rowNumber(rows[r]));
                normal[r] = new GaussianNoise(random[r]);
                ball.box(search.inputs.array(), search.start(rows[r]), low, high, r * n);
            }
        }

        void descend() {
            while (rows.length > 0) {
                // A query for the new point and one for the confirmation.
                int pairs = Math.min(directions, (queries - search.queries(rows[0]) - 2) / 2);
                if (pairs < 1) {
                    break;
                }
                float[] gradient = estimate(pairs);
                for (int i = 0; i < velocity.length; i++) {
                    velocity[i] = MOMENTUM * velocity[i] + (1 - MOMENTUM) * gradient[i];
                }
                for (int r = 0; r < rows.length; r++) {
                    ball.step(x, r * n, velocity, r * n, -relativeStep * epsilon, low, high);
                    ball.project(x, r * n, search.inputs.array(), search.start(rows[r]), low, high);
                }
                search.ask(rows, search.numbers(rows), x);
                drop();
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
        }

        private void drop() {
            int[] kept = search.keep(rows);
            if (kept == null) {
                return;
            }
            rows = Search.pick(rows, kept);
            x = Search.pick(x, n, kept);
            velocity = Search.pick(velocity, n, kept);
            low = Search.pick(low, n, kept);
            high = Search.pick(high, n, kept);
            random = Arrays.stream(kept).mapToObj(k -> random[k]).toArray(RandomGenerator[]::new);
            normal = Arrays.stream(kept).mapToObj(k -> normal[k]).toArray(GaussianNoise[]::new);
        }

        private float[] estimate(int pairs) {
            float[] gradient = new float[x.length];
            int total = Math.multiplyExact(rows.length, pairs);
            int most = Math.max(1, CHUNK / (2 * n));
            for (int from = 0; from < total; from += most) {
                int size = Math.min(most, total - from);
                int[] owners = new int[2 * size];
                float[] points = new float[2 * size * n];
                float[] u = new float[size * n];
                for (int k = 0; k < size; k++) {
                    int r = (from + k) / pairs;
                    owners[2 * k] = rows[r];
                    owners[2 * k + 1] = rows[r];
                    draw(r, u, k * n);
                    for (int i = 0; i < n; i++) {
                        float moved = (float) sigma * u[k * n + i];
                        float at = x[r * n + i];
                        points[2 * k * n + i] = search.bounds.clip(i, at + moved);
                        points[(2 * k + 1) * n + i] = search.bounds.clip(i, at - moved);
                    }
                }
                double[] scores =
                        kind.score.of(search.probe(owners, search.numbers(owners), points), owners, search.goal);
                for (int k = 0; k < size; k++) {
                    int r = (from + k) / pairs;
                    // Without 1/(2 m σ): a step does not depend on the length.
                    float difference = (float) (scores[2 * k] - scores[2 * k + 1]);
                    if (Float.isFinite(difference)) {
                        for (int i = 0; i < n; i++) {
                            gradient[r * n + i] += difference * u[k * n + i];
                        }
                    }
                }
            }
            return gradient;
        }

        private void draw(int r, float[] u, int at) {
            for (int i = at; i < at + n; i++) {
                u[i] = kind == Kind.NES ? (float) normal[r].next() : random[r].nextBoolean() ? 1 : -1;
            }
        }
    }
}
