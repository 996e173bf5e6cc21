// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.random.RandomGenerator;

/**
 * Random noise of length ε, drawn again until it breaks the row: the baseline that a real attack must beat, and a sign of
 * masked gradients where it does not. Black-box.
 *
 * <p>Guarantee: every returned sample lies inside the ball and the model's bounds, float rounding included. A row is asked
 * about at most {@code draws} candidates, and not any more once it is broken.
 *
 * <p>x ← Π(x + ε u / ‖u‖), u with independent entries, Π the projection onto ball and bounds. Where the bounds cut, the
 * perturbation is shorter than ε.
 *
 * <p>Source: the additive noise attacks of Rauber, Zimmermann, Bethge, Brendel, Foolbox Native, Journal of Open Source
 * Software 5, 2020. Clause 7.3.2-5.
 *
 * @param norm norm of the ball; L1, L2 or L∞
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param noise distribution of the entries of u
 * @param draws candidates at most for each row; at least 1
 * @param seed seed of the draws
 */
public record NoiseAttack(Norm norm, double epsilon, Noise noise, int draws, Seed seed)
        implements BallAttack<Classifier> {
    /** Distribution of the entries, before they are scaled to the length. */
    public enum Noise {
        /** Uniform in (−1, 1). */
        UNIFORM,
        /** Standard normal; in L2 the direction is uniform. */
        GAUSSIAN
    }

    /** Checks the components. */
    public NoiseAttack {
        Ball.requireNorm(norm);
        Pgd.requireRadius(epsilon);
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be >= 1, was " + draws);
        }
    }

    /**
     * The best of 100 draws: Gaussian in L2, else uniform.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static NoiseAttack of(Norm norm, double epsilon) {
        return new NoiseAttack(norm, epsilon, norm == Norm.L2 ? Noise.GAUSSIAN : Noise.UNIFORM, 100, new Seed(0));
    }

    @Override
    public NoiseAttack withEpsilon(double other) {
        return new NoiseAttack(norm, other, noise, draws, seed);
    }

    /**
     * The same attack with another noise.
     *
     * @param other the distribution
     * @return the attack
     */
    public NoiseAttack withNoise(Noise other) {
        return new NoiseAttack(norm, epsilon, other, draws, seed);
    }

    /**
     * The same attack with another number of draws.
     *
     * @param count candidates at most for each row
     * @return the attack
     */
    public NoiseAttack withDraws(int count) {
        return new NoiseAttack(norm, epsilon, noise, count, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public NoiseAttack withSeed(Seed other) {
        return new NoiseAttack(norm, epsilon, noise, draws, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        int n = search.n;
        Ball ball = new Ball(norm, epsilon, search.bounds, n);
        Seed stream = seed.derive("noise");
        RandomGenerator[] random = new RandomGenerator[inputs.size()];
        for (int i = 0; i < random.length; i++) {
            random[i] = stream.generator(inputs.rowNumber(i));
        }
        float[] u = new float[n];
        float[] zero = new float[n];
        float[] low = new float[n];
        float[] high = new float[n];
        int[] rows = search.open();
        Batch numbers = search.numbers(rows);
        for (int draw = 0; draw < draws && rows.length > 0; draw++) {
            float[] x = search.inputsOf(rows);
            for (int r = 0; r < rows.length; r++) {
                draw(random[rows[r]], u);
                double length = norm.length(u, 0, zero, 0, n);
                double scale = length > 0 ? epsilon / length : 0;
                for (int i = 0; i < n; i++) {
                    u[i] = (float) (x[r * n + i] + scale * u[i]);
                }
                ball.box(inputs.array(), search.start(rows[r]), low, high, 0);
                ball.project(u, 0, inputs.array(), search.start(rows[r]), low, high);
                System.arraycopy(u, 0, x, r * n, n);
            }
            search.ask(rows, numbers, x);
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
            int[] kept = search.keep(rows);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                numbers = search.numbers(rows);
            }
        }
        return search.result(epsilon);
    }

    private void draw(RandomGenerator random, float[] u) {
        if (noise == Noise.GAUSSIAN) {
            GaussianNoise normal = new GaussianNoise(random);
            for (int i = 0; i < u.length; i++) {
                u[i] = (float) normal.next();
            }
        } else {
            for (int i = 0; i < u.length; i++) {
                u[i] = 2 * random.nextFloat() - 1;
            }
        }
    }
}
