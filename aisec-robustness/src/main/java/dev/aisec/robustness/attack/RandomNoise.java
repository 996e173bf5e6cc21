// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import java.util.random.RandomGenerator;

/**
 * Random points of the ball: the weakest attack there is, and so the baseline of all others. Any attack worth its name
 * breaks what noise breaks.
 *
 * <p>Guarantee: as {@link Attack}; samples lie inside ball and bounds, float rounding included; a row that is broken is not
 * queried any more. Odd tries are uniform in the ball; even ones lie as far out as they can: at a corner of the ball in L∞,
 * on its sphere in L2 and L1, before they are projected onto the bounds.
 *
 * <p>Source: Carlini et al., On Evaluating Adversarial Robustness, arXiv:1902.06705, 2019, section 5 (brute force random
 * search). Clause 7.3.2-5.
 *
 * @param norm norm of the ball
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param tries points for each row; at least 1
 * @param seed seed of the points
 */
public record RandomNoise(Norm norm, double epsilon, int tries, Seed seed) implements BallAttack<Classifier> {
    /** Checks the components. */
    public RandomNoise {
        Ball.requireNorm(norm);
        Pgd.requireRadius(epsilon);
        if (tries < 1) {
            throw new IllegalArgumentException("tries must be >= 1, was " + tries);
        }
    }

    /**
     * 100 points for each row.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static RandomNoise of(Norm norm, double epsilon) {
        return new RandomNoise(norm, epsilon, 100, new Seed(0));
    }

    @Override
    public RandomNoise withEpsilon(double other) {
        return new RandomNoise(norm, other, tries, seed);
    }

    /**
     * The same attack with another number of points.
     *
     * @param count points for each row
     * @return the attack
     */
    public RandomNoise withTries(int count) {
        return new RandomNoise(norm, epsilon, count, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public RandomNoise withSeed(Seed other) {
        return new RandomNoise(norm, epsilon, tries, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        int n = search.n;
        for (int t = 0; t < tries; t++) {
            int[] rows = search.open();
            if (rows.length == 0) {
                break;
            }
            Batch numbers = search.numbers(rows);
            float[] x = points(search.bounds, inputs.select(rows), t).array();
            search.ask(rows, numbers, x);
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
        }
        return search.result(epsilon);
    }

    /**
     * The points of one try.
     *
     * @param bounds the bounds of the model
     * @param inputs the centres, inside the bounds
     * @param number which try, from 0: even numbers are uniform in the ball, odd ones far out
     * @return a point for each row, inside ball and bounds
     */
    public Batch points(Bounds bounds, Batch inputs, int number) {
        int n = inputs.shape().size();
        Ball ball = new Ball(norm, epsilon, bounds, n);
        Seed stream = seed.derive("random-noise-" + number);
        float[] x = inputs.toArray();
        float[] low = new float[x.length];
        float[] high = new float[x.length];
        for (int r = 0; r < inputs.size(); r++) {
            int at = r * n;
            int in = inputs.offset() + at;
            RandomGenerator random = stream.generator(inputs.rowNumber(r));
            ball.box(inputs.array(), in, low, high, at);
            ball.randomPoint(random, x, at);
            if (number % 2 == 1) {
                outward(x, at, inputs.array(), in, n);
            }
            ball.project(x, at, inputs.array(), in, low, high);
        }
        return inputs.like(x, inputs.shape());
    }

    /** Moves a point of the ball to where its direction leaves the ball; in L∞, its signs to the corner. */
    private void outward(float[] x, int at, float[] clean, int in, int n) {
        double length = norm.length(x, at, clean, in, n);
        for (int i = 0; i < n; i++) {
            double d = (double) x[at + i] - clean[in + i];
            double far = norm == Norm.LINF ? Math.copySign(epsilon, d) : length > 0 ? d * epsilon / length : 0;
            x[at + i] = (float) (clean[in + i] + far);
        }
    }
}
