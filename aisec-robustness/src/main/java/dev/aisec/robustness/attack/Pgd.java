// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Projected gradient descent. With one step of size ε and no random start it is the fast gradient method ({@link #fgsm}).
 *
 * <p>Guarantee: every returned sample lies inside the ball and inside the model's bounds, float rounding included: the
 * distance, computed in double, is at most ε. A row that is broken is not queried any more. It gives an upper bound of
 * robust accuracy, not a proof.
 *
 * <p>Each step is x ← Π(x + η · d), where d is the sign of the gradient (L∞) or the gradient over its norm (L2), and Π
 * projects onto the ball and the box. Where the gradient is zero, x stays.
 *
 * <p>Source: Madry, Makelov, Schmidt, Tsipras, Vladu, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR
 * 2018; one step: Goodfellow, Shlens, Szegedy, Explaining and Harnessing Adversarial Examples, ICLR 2015. Clause 7.3.2-5.
 *
 * @param norm norm of the ball
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param relativeStep step size over ε; Madry et al. use 0.01/0.3 on MNIST, common practice is 2.5 over the number of
 *     steps
 * @param steps gradient steps of each start; at least 1
 * @param starts random starts, each from a point drawn uniformly from the ball; 0 starts once from the input itself
 * @param loss what to increase for the true label (avoid), or to decrease for the target (reach)
 * @param seed seed of the starts
 */
public record Pgd(Norm norm, double epsilon, double relativeStep, int steps, int starts, Loss loss, Seed seed)
        implements BallAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public Pgd {
        requirePositive("epsilon", epsilon);
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
        return new Pgd(norm, epsilon, 0.1, 40, 1, new CrossEntropyLoss(), new Seed(0));
    }

    /**
     * The fast gradient method: one step of size ε from the input.
     *
     * @param norm L∞ for the fast gradient sign method
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static Pgd fgsm(Norm norm, double epsilon) {
        return new Pgd(norm, epsilon, 1, 1, 0, new CrossEntropyLoss(), new Seed(0));
    }

    @Override
    public Pgd withEpsilon(double other) {
        return new Pgd(norm, other, relativeStep, steps, starts, loss, seed);
    }

    /**
     * The same attack with another step size and number of steps.
     *
     * @param size step size over ε
     * @param count number of steps
     * @return the attack
     */
    public Pgd withSteps(double size, int count) {
        return new Pgd(norm, epsilon, size, count, starts, loss, seed);
    }

    /**
     * The same attack with another number of random starts.
     *
     * @param count 0 starts from the input itself
     * @return the attack
     */
    public Pgd withStarts(int count) {
        return new Pgd(norm, epsilon, relativeStep, steps, count, loss, seed);
    }

    /**
     * The same attack with another loss.
     *
     * @param other the loss
     * @return the attack
     */
    public Pgd withLoss(Loss other) {
        return new Pgd(norm, epsilon, relativeStep, steps, starts, other, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public Pgd withSeed(Seed other) {
        return new Pgd(norm, epsilon, relativeStep, steps, starts, loss, other);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        ModelSpec spec = model.spec();
        spec.requireInputs(inputs);
        goal.check(spec, inputs.size());
        requireInside(inputs, spec.bounds());
        Run run = new Run(model, inputs, goal);
        run.checkClean();
        for (int start = 0; start < Math.max(1, starts) && run.active.length > 0; start++) {
            run.descend(starts == 0 ? -1 : start);
        }
        return run.result();
    }

    /** The state of one call. Rows of {@code x} are the active rows, in order. */
    private final class Run {
        final DifferentiableClassifier model;
        final Batch inputs;
        final Goal goal;
        final Bounds bounds;
        final int n;
        final float[] samples;
        final AttackResult.Status[] status;
        final int[] queries;
        final int[] gradients;
        final int[] zeroGradients;
        int[] active = new int[0];

        Run(DifferentiableClassifier model, Batch inputs, Goal goal) {
            this.model = model;
            this.inputs = inputs;
            this.goal = goal;
            this.bounds = model.spec().bounds();
            this.n = inputs.shape().size();
            this.samples = inputs.toArray();
            this.status = new AttackResult.Status[inputs.size()];
            this.queries = new int[inputs.size()];
            this.gradients = new int[inputs.size()];
            this.zeroGradients = new int[inputs.size()];
        }

        void checkClean() {
            if (inputs.size() == 0) {
                return;
            }
            int[] predicted = model.predict(inputs);
            int[] rows = new int[inputs.size()];
            int count = 0;
            for (int i = 0; i < predicted.length; i++) {
                queries[i]++;
                boolean done = goal.achieved(i, predicted[i]);
                status[i] = done ? AttackResult.Status.NOTHING_TO_DO : AttackResult.Status.FAILED;
                if (!done) {
                    rows[count++] = i;
                }
            }
            active = Arrays.copyOf(rows, count);
        }

        /** One start; {@code start} below 0 begins at the inputs. */
        void descend(int start) {
            int[] rows = active;
            float[] x = new float[rows.length * n];
            float[] low = new float[rows.length * n];
            float[] high = new float[rows.length * n];
            for (int r = 0; r < rows.length; r++) {
                System.arraycopy(inputs.array(), inputs.offset() + rows[r] * n, x, r * n, n);
                box(rows[r], low, high, r * n);
                if (start >= 0) {
                    RandomGenerator random = seed.derive("pgd-start-" + start).generator(inputs.rowNumber(rows[r]));
                    randomPoint(random, x, r * n);
                    project(rows[r], x, r * n, low, high);
                }
            }
            Targets targets = goal.targets(rows);
            for (int step = 0; step <= steps && rows.length > 0; step++) {
                Progress.checkInterrupted();
                Batch at = inputs.select(rows).like(x, inputs.shape());
                Batch logits;
                float[] gradient = null;
                int from = 0;
                if (step < steps) {
                    Targets now = targets;
                    LogitsAndGradient both = model.gradient(
                            at,
                            z -> loss.evaluate(z, now, new Loss.Pass(model, at)).cotangents());
                    logits = both.logits();
                    gradient = both.gradient().array();
                    from = both.gradient().offset();
                } else {
                    logits = model.logits(at);
                }
                int[] predicted = Logits.argmax(logits);
                int kept = 0;
                int[] keptRows = new int[rows.length];
                int[] keptTargets = new int[rows.length];
                for (int r = 0; r < rows.length; r++) {
                    int row = rows[r];
                    queries[row]++;
                    gradients[row] += step < steps ? 1 : 0;
                    if (goal.achieved(row, predicted[r])) {
                        status[row] = AttackResult.Status.SUCCEEDED;
                        System.arraycopy(x, r * n, samples, row * n, n);
                        continue;
                    }
                    if (gradient != null) {
                        step(row, x, r * n, gradient, from + r * n, low, high);
                    } else {
                        System.arraycopy(x, r * n, samples, row * n, n);
                    }
                    if (kept < r) {
                        System.arraycopy(x, r * n, x, kept * n, n);
                        System.arraycopy(low, r * n, low, kept * n, n);
                        System.arraycopy(high, r * n, high, kept * n, n);
                    }
                    keptRows[kept] = row;
                    keptTargets[kept++] = r;
                }
                if (kept < rows.length) {
                    rows = Arrays.copyOf(keptRows, kept);
                    targets = targets.select(Arrays.copyOf(keptTargets, kept));
                    x = Arrays.copyOf(x, kept * n);
                }
            }
            active = rows;
        }

        /** The ball around a row in L∞, cut with the bounds; in L2 the bounds alone. Ends are rounded inward. */
        private void box(int row, float[] low, float[] high, int at) {
            int in = inputs.offset() + row * n;
            for (int i = 0; i < n; i++) {
                float center = inputs.array()[in + i];
                float lo = bounds.lower(i);
                float hi = bounds.upper(i);
                if (norm == Norm.LINF) {
                    float down = (float) (center - epsilon);
                    float up = (float) (center + epsilon);
                    lo = Math.max(lo, (double) center - down > epsilon ? Math.nextUp(down) : down);
                    hi = Math.min(hi, (double) up - center > epsilon ? Math.nextDown(up) : up);
                }
                low[at + i] = lo;
                high[at + i] = hi;
            }
        }

        private void step(int row, float[] x, int at, float[] g, int gi, float[] low, float[] high) {
            double eta = (goal.targeted() ? -1 : 1) * relativeStep * epsilon;
            double square = 0;
            for (int i = 0; i < n; i++) {
                square += (double) g[gi + i] * g[gi + i];
            }
            if (!(square < Double.POSITIVE_INFINITY)) {
                throw new IllegalStateException(
                        "gradient must be finite, was not at row " + inputs.rowNumber(row) + " of the inputs");
            }
            if (square == 0) {
                zeroGradients[row]++;
                return;
            }
            if (norm == Norm.LINF) {
                float size = (float) eta;
                for (int i = 0; i < n; i++) {
                    float moved = x[at + i] + size * Math.signum(g[gi + i]);
                    x[at + i] = Math.min(Math.max(moved, low[at + i]), high[at + i]);
                }
            } else {
                double scale = eta / Math.sqrt(square);
                for (int i = 0; i < n; i++) {
                    x[at + i] = (float) (x[at + i] + scale * g[gi + i]);
                }
                project(row, x, at, low, high);
            }
        }

        private void project(int row, float[] x, int at, float[] low, float[] high) {
            if (norm == Norm.LINF) {
                for (int i = 0; i < n; i++) {
                    x[at + i] = Math.min(Math.max(x[at + i], low[at + i]), high[at + i]);
                }
                return;
            }
            float[] clean = inputs.array();
            int in = inputs.offset() + row * n;
            // The input lies in the box, so clipping shortens the perturbation. Rounding to float may lengthen it by an
            // ulp: then scale once more, by a hair, and where epsilon is below the ulps themselves, by half.
            double slack = 1;
            double length = norm.length(x, at, clean, in, n);
            do {
                double scale = length > epsilon ? epsilon / length * slack : 1;
                for (int i = 0; i < n; i++) {
                    float moved = scale == 1
                            ? x[at + i]
                            : (float) (clean[in + i] + scale * ((double) x[at + i] - clean[in + i]));
                    x[at + i] = Math.min(Math.max(moved, low[at + i]), high[at + i]);
                }
                slack = slack > 1 - 1e-6 ? slack - 1e-7 : slack / 2;
                length = norm.length(x, at, clean, in, n);
            } while (length > epsilon);
        }

        /** Uniform in the ball: in L2 a Gaussian direction and a radius ε u^(1/n). */
        private void randomPoint(RandomGenerator random, float[] x, int at) {
            if (norm == Norm.LINF) {
                for (int i = 0; i < n; i++) {
                    x[at + i] = (float) (x[at + i] + epsilon * (2 * random.nextDouble() - 1));
                }
                return;
            }
            double[] direction = new double[n];
            double square = 0;
            GaussianNoise normal = new GaussianNoise(random);
            for (int i = 0; i < n; i++) {
                direction[i] = normal.next();
                square += direction[i] * direction[i];
            }
            double radius = epsilon * Math.pow(random.nextDouble(), 1.0 / n) / Math.sqrt(square);
            for (int i = 0; i < n; i++) {
                x[at + i] = (float) (x[at + i] + radius * direction[i]);
            }
        }

        AttackResult result() {
            Batch returned = inputs.like(samples, inputs.shape());
            confirm(returned);
            List<AttackResult.Row> rows = new ArrayList<>();
            for (int i = 0; i < inputs.size(); i++) {
                double distance = norm.distance(returned, inputs, i);
                if (distance > epsilon) {
                    throw new IllegalStateException(
                            "distance must be <= " + epsilon + ", was " + distance + " at row " + inputs.rowNumber(i));
                }
                rows.add(new AttackResult.Row(status[i], distance, queries[i], gradients[i], zeroGradients[i]));
            }
            return new AttackResult(returned, rows);
        }

        /** Asks the model about the returned samples, not about what was seen on the way. */
        private void confirm(Batch returned) {
            int[] broken = new int[inputs.size()];
            int count = 0;
            for (int i = 0; i < inputs.size(); i++) {
                if (status[i] == AttackResult.Status.SUCCEEDED) {
                    broken[count++] = i;
                }
            }
            if (count == 0) {
                return;
            }
            broken = Arrays.copyOf(broken, count);
            int[] predicted = model.predict(returned.select(broken));
            for (int b = 0; b < count; b++) {
                queries[broken[b]]++;
                if (!goal.achieved(broken[b], predicted[b])) {
                    status[broken[b]] = AttackResult.Status.UNCONFIRMED;
                }
            }
        }
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    private static void requireInside(Batch inputs, Bounds bounds) {
        int n = inputs.shape().size();
        for (int i = 0; i < inputs.size(); i++) {
            for (int j = 0; j < n; j++) {
                float value = inputs.array()[inputs.offset() + i * n + j];
                if (!(value >= bounds.lower(j) && value <= bounds.upper(j)) || Float.isInfinite(value)) {
                    throw new IllegalArgumentException("inputs must be finite and inside the model's bounds " + bounds
                            + ", was " + value + " at row " + i + ", feature " + j);
                }
            }
        }
    }
}
