// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Projected gradient descent. With one step of size ε and no random start it is the fast gradient method ({@link #fgsm}).
 *
 * <p>Guarantee: every returned sample lies inside the ball and inside the model's bounds, float rounding included: the
 * distance, computed in double, is at most ε. A row that is broken is not queried any more. It gives an upper bound of
 * robust accuracy, not a proof.
 *
 * <p>Each step is x ← Π(x + η · d), where d is the sign of the gradient (L∞), the gradient over its norm (L2), or the
 * sign of its largest twentieth (L1; Tramèr, Boneh, NeurIPS 2019), and Π projects onto the ball and the box. Where the gradient is zero, x stays.
 *
 * <p>Source: Madry, Makelov, Schmidt, Tsipras, Vladu, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR
 * 2018; one step: Goodfellow, Shlens, Szegedy, Explaining and Harnessing Adversarial Examples, ICLR 2015. Clause 7.3.2-5.
 *
 * @param norm norm of the ball; L1, L2 or L∞
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param relativeStep step size over ε; Madry et al. use 0.01/0.3 on MNIST, common practice is 2.5 over the number of
 *     steps
 * @param steps gradient steps of each start; at least 1
 * @param starts random starts, each from a point drawn uniformly from the ball; 0 starts once from the input itself
 * @param loss what to increase for the true label (avoid), or to decrease for the target (reach)
 * @param momentum what a step takes over from those before
 * @param seed seed of the starts
 */
public record Pgd(
        Norm norm, double epsilon, double relativeStep, int steps, int starts, Loss loss, Momentum momentum, Seed seed)
        implements BallAttack<DifferentiableClassifier> {
    /** Largest radius: beyond it, an input plus the radius is no float. */
    private static final double LARGEST = Float.MAX_VALUE / 4;

    /**
     * What a step takes over from those before: v ← μ v + g / ‖g‖₁, and the step goes along v (Dong et al., Boosting
     * Adversarial Attacks with Momentum, CVPR 2018).
     *
     * @param decay μ in [0, 1]; 0 takes nothing over
     * @param nesterov whether the gradient is asked for where v leads (Lin et al., Nesterov Accelerated Gradient and Scale
     *     Invariance for Adversarial Attacks, ICLR 2020)
     */
    public record Momentum(double decay, boolean nesterov) {
        /** Takes nothing over. */
        public static final Momentum NONE = new Momentum(0, false);

        /** Checks the components. */
        public Momentum {
            if (!(decay >= 0 && decay <= 1)) {
                throw new IllegalArgumentException("decay must be in [0, 1], was " + decay);
            }
            if (nesterov && decay == 0) {
                throw new IllegalArgumentException("decay must be > 0 with nesterov, was " + decay);
            }
        }

        void add(float[] velocity, int at, float[] g, int from, int n) {
            double sum = 0;
            for (int i = from; i < from + n; i++) {
                sum += Math.abs(g[i]);
            }
            float scale = sum > 0 ? (float) (1 / sum) : 0;
            for (int i = 0; i < n; i++) {
                velocity[at + i] = (float) decay * velocity[at + i] + scale * g[from + i];
            }
        }
    }

    /** Checks the components. */
    public Pgd {
        Ball.requireNorm(norm);
        requireRadius(epsilon);
        requirePositive("relativeStep", relativeStep);
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        if (starts < 0) {
            throw new IllegalArgumentException("starts must be >= 0, was " + starts);
        }
    }

    /**
     * 40 steps of ε/10 from one random start with cross-entropy: for ε = 0.2 the steps of 0.02 that MNIST evaluations
     * commonly use.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Pgd of(Norm norm, double epsilon) {
        return new Pgd(norm, epsilon, 0.1, 40, 1, new CrossEntropyLoss(), Momentum.NONE, new Seed(0));
    }

    /**
     * The fast gradient method: one step of size ε from the input.
     *
     * @param norm L∞ for the fast gradient sign method
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Pgd fgsm(Norm norm, double epsilon) {
        return new Pgd(norm, epsilon, 1, 1, 0, new CrossEntropyLoss(), Momentum.NONE, new Seed(0));
    }

    @Override
    public Pgd withEpsilon(double other) {
        return new Pgd(norm, other, relativeStep, steps, starts, loss, momentum, seed);
    }

    /**
     * The same attack with another step size and number of steps.
     *
     * @param size step size over ε
     * @param count number of steps
     * @return the attack
     */
    public Pgd withSteps(double size, int count) {
        return new Pgd(norm, epsilon, size, count, starts, loss, momentum, seed);
    }

    /**
     * The same attack with another number of random starts.
     *
     * @param count 0 starts from the input itself
     * @return the attack
     */
    public Pgd withStarts(int count) {
        return new Pgd(norm, epsilon, relativeStep, steps, count, loss, momentum, seed);
    }

    /**
     * The same attack with another loss.
     *
     * @param other the loss
     * @return the attack
     */
    public Pgd withLoss(Loss other) {
        return new Pgd(norm, epsilon, relativeStep, steps, starts, other, momentum, seed);
    }

    /**
     * The same attack with momentum: with decay 1 and no random start MI-FGSM.
     *
     * @param other the momentum
     * @return the attack
     */
    public Pgd withMomentum(Momentum other) {
        return new Pgd(norm, epsilon, relativeStep, steps, starts, loss, other, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Pgd withSeed(Seed other) {
        return new Pgd(norm, epsilon, relativeStep, steps, starts, loss, momentum, other);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, norm);
        Ball ball = new Ball(norm, epsilon, search.bounds, search.n);
        for (int start = 0; start < Math.max(1, starts); start++) {
            int[] rows = search.open();
            if (rows.length == 0) {
                break;
            }
            descend(model, search, ball, rows, starts == 0 ? -1 : start);
        }
        return search.result(epsilon);
    }

    /** One start; {@code start} below 0 begins at the inputs. */
    private void descend(DifferentiableClassifier model, Search search, Ball ball, int[] all, int start) {
        int n = search.n;
        int[] rows = all;
        float[] clean = search.inputs.array();
        float[] x = search.inputsOf(rows);
        float[] low = new float[x.length];
        float[] high = new float[x.length];
        float[] velocity = new float[momentum.decay() > 0 ? x.length : 0];
        for (int r = 0; r < rows.length; r++) {
            ball.box(clean, search.start(rows[r]), low, high, r * n);
            if (start >= 0) {
                RandomGenerator random = seed.derive("pgd-start-" + start).generator(search.inputs.rowNumber(rows[r]));
                ball.randomPoint(random, x, r * n);
                ball.project(x, r * n, clean, search.start(rows[r]), low, high);
            }
        }
        double eta = (search.goal.targeted() ? -1 : 1) * relativeStep * epsilon;
        Batch numbers = search.numbers(rows);
        Targets targets = search.goal.targets(rows);
        for (int step = 0; step <= steps && rows.length > 0; step++) {
            float[] g = x;
            int offset = 0;
            if (step == steps) {
                search.ask(rows, numbers, x);
            } else {
                float[] at =
                        momentum.nesterov() && step > 0 ? ahead(search, ball, rows, x, velocity, eta, low, high) : x;
                Search.Slope slope = search.slope(model, rows, numbers, at, loss, targets);
                g = slope.gradient();
                offset = slope.offset();
            }
            int[] kept = search.keep(rows);
            if (kept != null) {
                if (step < steps) {
                    g = Search.pick(offset == 0 ? g : Arrays.copyOfRange(g, offset, offset + x.length), n, kept);
                    offset = 0;
                }
                rows = Search.pick(rows, kept);
                x = Search.pick(x, n, kept);
                low = Search.pick(low, n, kept);
                high = Search.pick(high, n, kept);
                velocity = velocity.length > 0 ? Search.pick(velocity, n, kept) : velocity;
                targets = targets.select(kept);
                numbers = search.numbers(rows);
            }
            for (int r = 0; r < rows.length; r++) {
                if (step == steps) {
                    search.tried(rows[r], x, r * n);
                } else if (momentum.decay() > 0) {
                    momentum.add(velocity, r * n, g, offset + r * n, n);
                    ball.step(x, r * n, velocity, r * n, eta, low, high);
                    ball.project(x, r * n, clean, search.start(rows[r]), low, high);
                } else {
                    ball.step(x, r * n, g, offset + r * n, eta, low, high);
                    ball.project(x, r * n, clean, search.start(rows[r]), low, high);
                }
            }
        }
    }

    /** Where the velocity leads: there the gradient is asked for. */
    private float[] ahead(
            Search search, Ball ball, int[] rows, float[] x, float[] velocity, double eta, float[] low, float[] high) {
        float[] at = x.clone();
        for (int r = 0; r < rows.length; r++) {
            ball.step(at, r * search.n, velocity, r * search.n, eta * momentum.decay(), low, high);
            ball.project(at, r * search.n, search.inputs.array(), search.start(rows[r]), low, high);
        }
        return at;
    }

    static void requireRadius(double epsilon) {
        requirePositive("epsilon", epsilon);
        if (epsilon > LARGEST) {
            throw new IllegalArgumentException("epsilon must be <= " + LARGEST + ", was " + epsilon);
        }
    }

    static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }
}
