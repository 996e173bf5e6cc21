// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.Progress;
import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.TrainableClassifier;
import dev.aisec.core.model.Trainer;
import dev.aisec.core.model.TrainingPlan;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Trains {@link CompiledNetwork}s.
 *
 * <p>Guarantee: equal network, data and plan give equal bytes on any number of threads, with one BLAS thread, on one machine
 * type; dropout and batch normalisation included. Nothing given is changed.
 *
 * <p>A step: the rows of the plan's sampler, its transform, forward in training mode, its loss, backward, the mean over the
 * rows, plus the regularizer's gradient, the gradient transform, the optimizer. Frozen layers and running statistics are
 * left out of the optimizer's step; the statistics of layers not frozen move towards those of the batch. An empty batch
 * has gradient 0. What the transform and the loss get as model is the network as trained so far, in inference mode, valid
 * during that call only.
 *
 * <p>Of a Deeplearning4j configuration, the updater, regularisation, constraints and weight noise have no say: the plan has.
 */
public final class NetworkTrainer implements Trainer {
    private final @Nullable Executor executor;

    private NetworkTrainer(@Nullable Executor executor) {
        this.executor = executor;
    }

    /**
     * Trains on the calling thread.
     *
     * @return the trainer
     */
    public static NetworkTrainer onCallingThread() {
        return new NetworkTrainer(null);
    }

    /**
     * Spreads the rows of each batch over an executor's threads and waits for them. Batches of more than one chunk ({@link
     * CompiledNetwork#chunkRows()}) gain by it.
     *
     * @param executor where rows are worked on
     * @return the trainer
     */
    public static NetworkTrainer on(Executor executor) {
        return new NetworkTrainer(executor);
    }

    /**
     * Trains.
     *
     * @param model where to start: a {@link CompiledNetwork}
     * @param data training data; finite, not empty
     * @param plan how
     * @param progress told after each batch
     * @return the trained network
     * @throws IllegalArgumentException if model, data or a value of the plan do not fit
     * @throws SecurityControlException if the loss or a parameter is no longer finite
     */
    @Override
    public CompiledNetwork train(TrainableClassifier model, Labelled data, TrainingPlan plan, Progress progress) {
        if (!(model instanceof CompiledNetwork network)) {
            throw new IllegalArgumentException(
                    "model must be a CompiledNetwork, was " + model.getClass().getSimpleName());
        }
        if (data.size() == 0) {
            throw new IllegalArgumentException("data must not be empty");
        }
        network.spec().requireInputs(data.inputs());
        network.spec().requireLabels(data.targets().labels());
        data.inputs().requireFinite("data");
        return new Run(network, plan, executor).train(data, progress);
    }

    /** One training. */
    private static final class Run {
        private final CompiledNetwork start;
        private final Compiled compiled;
        private final ModelSpec spec;
        private final TrainingPlan plan;
        private final @Nullable Executor executor;
        private final Plan training;
        private final float[] flat;
        private final Weights weights;
        private final float[] gradient;
        private final OptimizerState optimizer;
        private final Seed transforms;
        private final Seed gradients;
        private final Seed dropouts;

        Run(CompiledNetwork start, TrainingPlan plan, @Nullable Executor executor) {
            this.start = start;
            this.plan = plan;
            this.executor = executor;
            compiled = start.compiled();
            spec = start.spec();
            training = compiled.training();
            flat = start.parameters();
            weights = new Weights(compiled.plain, flat);
            gradient = new float[flat.length];
            optimizer = new OptimizerState(plan.optimizer(), compiled.plain);
            transforms = plan.seed().derive("transform");
            gradients = plan.seed().derive("gradient");
            dropouts = plan.seed().derive("dropout");
        }

        CompiledNetwork train(Labelled data, Progress progress) {
            long step = 0;
            long steps = 0;
            for (int epoch = 0; epoch < plan.epochs(); epoch++) {
                List<int[]> batches = plan.sampler().batches(data, epoch, plan.seed());
                if (epoch == 0) {
                    steps = (long) batches.size() * plan.epochs();
                }
                for (int[] rows : batches) {
                    Progress.checkInterrupted();
                    step(data, rows, step, Math.max(steps, step + 1));
                    progress.update(++step, Math.max(steps, step));
                }
            }
            for (int i = 0; i < flat.length; i++) {
                if (!Float.isFinite(flat[i])) {
                    throw new SecurityControlException("training must keep parameters finite, was " + flat[i] + " at "
                            + i + ": lower the learning rate");
                }
            }
            return start.with(weights);
        }

        private void step(Labelled data, int[] rows, long step, long steps) {
            Arrays.fill(gradient, 0f);
            Pass pass = rows.length == 0 ? null : differentiate(data.select(rows), step);
            plan.regularizer().addTo(flat, compiled.plain.layout, gradient);
            plan.gradientTransform().apply(gradient, compiled.plain.layout, gradients.generator(step));
            optimizer.step(flat, gradient, step, steps);
            if (pass != null) {
                for (int op : pass.barriers()) {
                    int offset = training.offset(training.firstTensor[op]);
                    ((Op.Mixing) training.ops[op]).updateRunning(pass.statistics(op), flat, offset);
                }
            }
            weights.push();
        }

        /** Sets the mean gradient of the loss over the rows. */
        private Pass differentiate(Labelled rows, long step) {
            Current current = new Current(compiled, spec, weights, executor);
            Labelled part = plan.transform().apply(current, rows, transforms.generator(step));
            spec.requireInputs(part.inputs());
            spec.requireLabels(part.targets().labels());
            long noise = dropouts.generator(step).nextLong();
            Pass pass = new Pass(training, weights, compiled.frames, executor, part.inputs(), noise);
            Batch logits = pass.forward();
            LossValues values = plan.loss().evaluate(logits, part.targets(), new Loss.Pass(current, part.inputs()));
            double sum = 0;
            for (double v : values.values()) {
                sum += v;
            }
            if (!Double.isFinite(sum)) {
                throw new SecurityControlException("training must keep the loss finite, was " + sum + " at step " + step
                        + ": lower the learning rate");
            }
            pass.backward(CompiledNetwork.requireCotangents(values.cotangents(), logits), null, gradient);
            Lanes.scale(gradient, 0, gradient.length, 1f / Math.max(1, part.size()));
            return pass;
        }
    }

    /** The network as trained so far; folded only if somebody asks it something. */
    private static final class Current implements DifferentiableClassifier {
        private final Compiled compiled;
        private final ModelSpec spec;
        private final Weights weights;
        private final @Nullable Executor executor;
        private @Nullable CompiledNetwork network;

        Current(Compiled compiled, ModelSpec spec, Weights weights, @Nullable Executor executor) {
            this.compiled = compiled;
            this.spec = spec;
            this.weights = weights;
            this.executor = executor;
        }

        private synchronized CompiledNetwork network() {
            if (network == null) {
                network = compiled.network(weights, spec, executor);
            }
            return network;
        }

        @Override
        public ModelSpec spec() {
            return spec;
        }

        @Override
        public Batch logits(Batch inputs) {
            return network().logits(inputs);
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            return network().gradient(inputs, cotangentOfLogits);
        }
    }
}
