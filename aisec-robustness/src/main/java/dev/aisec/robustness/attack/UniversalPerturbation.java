// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchSampler;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One perturbation for all inputs, fitted to a data set; what it does to others is counted on held-out data. Immutable.
 *
 * <p>Guarantee: ‖δ‖ ≤ ε, computed in double. The fooling rate, the share of held-out inputs whose prediction δ changes, comes
 * with an exact interval, as those inputs took no part in the fit. It is a lower bound of what the best perturbation of that
 * norm does: a better one may exist.
 *
 * <p>Variant: δ climbs the mean over a batch of min(ℓ, β), ℓ the cross-entropy of the true label at clip(x + δ), by the steps
 * of {@link Pgd} and the projection onto the ball. The cap β keeps single examples from taking over. One pass costs as much as
 * an epoch of training, where the first algorithm needed a DeepFool run for each example.
 *
 * <p>Source: Shafahi, Najibi, Xu, Dickerson, Davis, Goldstein, Universal Adversarial Training, AAAI 2020, algorithm 2; the
 * problem and the fooling rate: Moosavi-Dezfooli, Fawzi, Fawzi, Frossard, Universal Adversarial Perturbations, CVPR 2017.
 * Clause 7.3.2-5.
 */
public final class UniversalPerturbation implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;

    private final String subject;
    private final Plan plan;
    private final Shape shape;
    private final float[] delta;
    private final long fooled;
    private final long n;

    private UniversalPerturbation(String subject, Plan plan, Shape shape, float[] delta, long fooled, long n) {
        this.subject = subject;
        this.plan = plan;
        this.shape = shape;
        this.delta = delta;
        this.fooled = fooled;
        this.n = n;
    }

    /**
     * How to fit.
     *
     * @param norm norm of the ball; L1, L2 or L∞
     * @param epsilon radius of the ball, in units of the inputs; positive and finite
     * @param relativeStep step size over ε; positive and finite
     * @param epochs passes over the data; at least 1
     * @param batch rows of a step; at least 1
     * @param lossCap β, positive; Shafahi et al. use 9
     * @param seed seed of the order of the rows
     */
    public record Plan(
            Norm norm, double epsilon, double relativeStep, int epochs, int batch, double lossCap, Seed seed) {
        /** Checks the components. */
        public Plan {
            Ball.requireNorm(norm);
            Pgd.requireRadius(epsilon);
            Pgd.requirePositive("relativeStep", relativeStep);
            Pgd.requirePositive("lossCap", lossCap);
            if (epochs < 1 || batch < 1) {
                throw new IllegalArgumentException("epochs and batch must be >= 1, were " + epochs + " and " + batch);
            }
        }

        /**
         * Steps of ε/10, 10 passes, batches of 128, β = 9.
         *
         * @param norm norm of the ball
         * @param epsilon radius of the ball
         * @return the plan
         */
        public static Plan of(Norm norm, double epsilon) {
            return new Plan(norm, epsilon, 0.1, 10, 128, 9, new Seed(0));
        }

        /**
         * The same plan with another number of passes.
         *
         * @param count passes over the data
         * @return the plan
         */
        public Plan withEpochs(int count) {
            return new Plan(norm, epsilon, relativeStep, count, batch, lossCap, seed);
        }

        /**
         * The same plan with another seed.
         *
         * @param other the seed
         * @return the plan
         */
        public Plan withSeed(Seed other) {
            return new Plan(norm, epsilon, relativeStep, epochs, batch, lossCap, other);
        }
    }

    /**
     * Fits a perturbation.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data what it is fitted to: labelled examples inside the model's bounds, at least one
     * @param heldOut examples inside the bounds that are not among those; may be empty, then there is no rate
     * @param plan how
     * @param progress told the steps done
     * @return the perturbation
     */
    public static UniversalPerturbation fit(
            String subject,
            DifferentiableClassifier model,
            Labelled data,
            Batch heldOut,
            Plan plan,
            Progress progress) {
        ModelSpec spec = model.spec();
        spec.requireInputs(data.inputs());
        spec.requireInputs(heldOut);
        spec.requireLabels(data.targets().labels());
        if (data.size() == 0) {
            throw new IllegalArgumentException("data must have at least 1 row, had 0");
        }
        Search.requireInside(data.inputs(), spec.bounds());
        float[] delta = climb(model, data, plan, progress);
        long fooled = fooled(model, heldOut, delta, plan, RowChunks.of(plan.batch()));
        return new UniversalPerturbation(subject, plan, spec.inputShape(), delta, fooled, heldOut.size());
    }

    private static float[] climb(DifferentiableClassifier model, Labelled data, Plan plan, Progress progress) {
        Bounds bounds = model.spec().bounds();
        int n = data.inputs().shape().size();
        Ball ball =
                new Ball(plan.norm(), plan.epsilon(), Bounds.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY), n);
        float[] center = new float[n];
        float[] low = new float[n];
        float[] high = new float[n];
        ball.box(center, 0, low, high, 0);
        float[] delta = new float[n];
        float[] slope = new float[n];
        Loss loss = capped(plan.lossCap());
        long done = 0;
        long total = (long) plan.epochs() * ((data.size() + plan.batch() - 1) / plan.batch());
        for (int epoch = 0; epoch < plan.epochs(); epoch++) {
            for (int[] rows : BatchSampler.shuffled(plan.batch()).batches(data, epoch, plan.seed())) {
                Progress.checkInterrupted();
                Labelled part = data.select(rows);
                slope(model, part, loss, delta, bounds, slope);
                ball.step(delta, 0, slope, 0, plan.relativeStep() * plan.epsilon(), low, high);
                ball.project(delta, 0, center, 0, low, high);
                progress.update(++done, total);
            }
        }
        return delta;
    }

    /** The gradient of the mean loss with respect to δ; where the bounds cut x + δ, δ does not count. */
    private static void slope(
            DifferentiableClassifier model, Labelled part, Loss loss, float[] delta, Bounds bounds, float[] slope) {
        int n = delta.length;
        float[] x = part.inputs().toArray();
        boolean[] cut = new boolean[x.length];
        for (int at = 0; at < x.length; at += n) {
            for (int i = 0; i < n; i++) {
                float moved = x[at + i] + delta[i];
                x[at + i] = bounds.clip(i, moved);
                cut[at + i] = x[at + i] != moved;
            }
        }
        Batch inputs = part.inputs().like(x, part.inputs().shape());
        Batch gradient = model.gradient(
                        inputs,
                        z -> loss.evaluate(z, part.targets(), new Loss.Pass(model, inputs))
                                .cotangents())
                .gradient();
        double[] sum = new double[n];
        for (int r = 0; r < part.size(); r++) {
            int from = gradient.offset() + r * n;
            for (int i = 0; i < n; i++) {
                sum[i] += cut[r * n + i] ? 0 : gradient.array()[from + i];
            }
        }
        for (int i = 0; i < n; i++) {
            if (!Double.isFinite(sum[i])) {
                throw new IllegalStateException("gradient must be finite, was " + sum[i] + " at feature " + i);
            }
            slope[i] = (float) (sum[i] / part.size());
        }
    }

    private static Loss capped(double cap) {
        CrossEntropyLoss entropy = new CrossEntropyLoss();
        return (Batch logits, Targets targets, Loss.Pass pass) -> {
            LossValues values = entropy.evaluate(logits, targets, pass);
            int classes = logits.shape().size();
            float[] cotangents = values.cotangents().toArray();
            for (int r = 0; r < logits.size(); r++) {
                if (values.values()[r] >= cap) {
                    values.values()[r] = cap;
                    Arrays.fill(cotangents, r * classes, (r + 1) * classes, 0);
                }
            }
            return new LossValues(values.values(), logits.like(cotangents, logits.shape()));
        };
    }

    private static long fooled(Classifier model, Batch inputs, float[] delta, Plan plan, RowChunks chunks) {
        Search.requireInside(inputs, model.spec().bounds());
        return chunks
                .map(
                        inputs.size(),
                        (from, to) -> {
                            Batch part = inputs.rows(from, to);
                            int[] before = model.predict(part);
                            int[] after = model.predict(moved(
                                    part,
                                    delta,
                                    1,
                                    plan.norm(),
                                    plan.epsilon(),
                                    model.spec().bounds()));
                            long changed = 0;
                            for (int i = 0; i < before.length; i++) {
                                changed += before[i] != after[i] ? 1 : 0;
                            }
                            return changed;
                        },
                        Progress.NONE)
                .stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The inputs with the scaled perturbation, inside ball and bounds. */
    private static Batch moved(Batch inputs, float[] delta, double scale, Norm norm, double epsilon, Bounds bounds) {
        int n = delta.length;
        Ball ball = new Ball(norm, epsilon, bounds, n);
        float[] x = inputs.toArray();
        float[] low = new float[x.length];
        float[] high = new float[x.length];
        for (int r = 0; r < inputs.size(); r++) {
            int in = inputs.offset() + r * n;
            ball.box(inputs.array(), in, low, high, r * n);
            for (int i = 0; i < n; i++) {
                x[r * n + i] = (float) (x[r * n + i] + scale * delta[i]);
            }
            ball.project(x, r * n, inputs.array(), in, low, high);
        }
        return inputs.like(x, inputs.shape());
    }

    /**
     * Returns the perturbation.
     *
     * @return δ, a copy, in the shape of an input
     */
    public float[] perturbation() {
        return delta.clone();
    }

    /**
     * Returns the share of held-out inputs whose prediction it changes.
     *
     * @return share with Clopper-Pearson interval of 95 %; an abstention if there were no such inputs
     */
    public Estimate foolingRate() {
        return ClopperPearson.share(fooled, n, CONFIDENCE);
    }

    /**
     * The fooling rate on other data, or of another model: how it transfers.
     *
     * @param model a classifier of the same input shape
     * @param inputs examples inside its bounds that took no part in the fit
     * @param chunks how rows are cut, and where they run
     * @return share with Clopper-Pearson interval of 95 %; an abstention if there are no inputs
     */
    public Estimate foolingRate(Classifier model, Batch inputs, RowChunks chunks) {
        requireShape(model);
        model.spec().requireInputs(inputs);
        return ClopperPearson.share(fooled(model, inputs, delta, plan, chunks), inputs.size(), CONFIDENCE);
    }

    /**
     * The attack that adds δ to every input and asks once. With another radius δ is scaled by the ratio of the radii. It needs no
     * gradients: a perturbation that was fitted to a model of one's own attacks others.
     *
     * @return the attack
     */
    public BallAttack<Classifier> apply() {
        return new Applied(this, plan.epsilon());
    }

    private void requireShape(Classifier model) {
        if (!model.spec().inputShape().equals(shape)) {
            throw new IllegalArgumentException("model must take inputs of shape " + shape + ", took "
                    + model.spec().inputShape());
        }
    }

    private record Applied(UniversalPerturbation fitted, double epsilon) implements BallAttack<Classifier> {
        Applied {
            Pgd.requireRadius(epsilon);
        }

        @Override
        public Norm norm() {
            return fitted.plan.norm();
        }

        @Override
        public Applied withEpsilon(double other) {
            return new Applied(fitted, other);
        }

        @Override
        public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
            fitted.requireShape(model);
            Search search = new Search(model, inputs, goal, norm());
            int[] rows = search.open();
            if (rows.length > 0) {
                double scale = epsilon / fitted.plan.epsilon();
                Batch at = moved(inputs.select(rows), fitted.delta, scale, norm(), epsilon, search.bounds);
                search.ask(rows, at, at.array());
                for (int r = 0; r < rows.length; r++) {
                    search.tried(rows[r], at.array(), r * search.n);
                }
            }
            return search.result(epsilon);
        }

        @Override
        public String toString() {
            return "UniversalPerturbation[epsilon=" + epsilon + ", fitted=" + fitted.plan + "]";
        }
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> labels = new TreeMap<>(Map.of(
                "data",
                "held-out",
                "epsilon",
                String.valueOf(plan.epsilon()),
                "norm",
                plan.norm().name()));
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                new TreeMap<>(Map.of(
                        "method", "universal perturbation", "plan", plan.toString(), "interval", "Clopper-Pearson")),
                List.of(new Measurement.Scalar("fooling-rate", "1", labels, foolingRate())),
                List.of());
    }
}
