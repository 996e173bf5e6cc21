// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.ClippedSum;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.LayerInfo;
import dev.aisec.core.model.LayeredClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.ParameterGradient;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.PerExampleGradients;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainableClassifier;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;

/**
 * A network in the engine's own form: logits, activations, and exact gradients in inference mode. Immutable and
 * thread-safe.
 *
 * <p>Rows are worked on in chunks of {@link #chunkRows()}. A batch gives the same bits on any number of threads, whether
 * cut at multiples of a chunk by the caller or by {@link #on}, with one BLAS thread. Across other batch sizes, logits
 * agree to rounding: the native product sums in another order for other shapes.
 *
 * <p>A call works on the calling thread, unless made {@link #on} an executor. Memory beside the result is borrowed from a
 * pool that holds as much as there were calls at one time, up to twice the number of processors. An interrupted call ends
 * with {@link java.util.concurrent.CancellationException}.
 *
 * <p>Batch normalisation is part of the weights before it in inference; {@link #activations} and parameter gradients run
 * it as a step of its own, so their last bits may differ from those of {@link #logits}. Frozen layers and running
 * statistics have gradient 0.
 */
public final class CompiledNetwork implements LayeredClassifier, TrainableClassifier, PerExampleGradients {
    /** Tasks that a call on an executor is cut into, at most. */
    private static final int TASKS = 16;

    private final Compiled compiled;
    private final ModelSpec spec;
    private final Weights fast;
    private final Weights plain;
    private final @Nullable Executor executor;

    CompiledNetwork(Compiled compiled, ModelSpec spec, Weights plain, Weights fast, @Nullable Executor executor) {
        this.compiled = compiled;
        this.spec = spec;
        this.plain = plain;
        this.fast = fast;
        this.executor = executor;
    }

    /** What networks of one form share. */
    Compiled compiled() {
        return compiled;
    }

    /** The same network with weights that nobody changes any more. */
    CompiledNetwork with(Weights weights) {
        return compiled.network(weights, spec, executor);
    }

    /**
     * The layers.
     *
     * @return what {@link Networks#of} makes the same network of, with {@link #parameters()}
     */
    public NetworkSpec network() {
        return compiled.plain.spec;
    }

    /**
     * The same network in plain Java with its weights visible, for proofs of robustness. Batch normalisation is folded as it
     * is for {@link #logits}; the weights are those that {@link #logits} multiplies with, so both differ by rounding only.
     *
     * @return the network
     * @throws IllegalStateException if a layer has no such form, or feeds more than the next one
     */
    public FeedForward feedForward() {
        return VisibleLayers.of(compiled.fast, fast.flat, spec);
    }

    /**
     * Returns the rows of a chunk: where a batch may be cut without changing bits.
     *
     * @return at least 1
     */
    public int chunkRows() {
        return compiled.plain.chunk;
    }

    /**
     * The same network, whose calls spread the rows of a batch over an executor's threads and wait for them. The bits of
     * the results stay the same. Do not call it from a task of that executor if its threads are limited: it may wait for
     * itself.
     *
     * @param threads where chunks of rows run
     * @return the network
     */
    public CompiledNetwork on(Executor threads) {
        return new CompiledNetwork(compiled, spec, plain, fast, threads);
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public List<LayerInfo> layers() {
        return compiled.plain.layers;
    }

    @Override
    public ParameterLayout layout() {
        return compiled.plain.layout;
    }

    @Override
    public float[] parameters() {
        return plain.flat.clone();
    }

    @Override
    public CompiledNetwork withParameters(float[] parameters) {
        return compiled.network(Networks.checked(parameters, compiled.plain), spec, executor);
    }

    /**
     * A Deeplearning4j network with these parameters.
     *
     * @return a copy of the network that this one was compiled from
     * @throws IllegalStateException if it was not compiled from a {@code MultiLayerNetwork}
     */
    public MultiLayerNetwork toMultiLayerNetwork() {
        return origin().toMultiLayerNetwork(plain.flat);
    }

    /**
     * A Deeplearning4j graph with these parameters.
     *
     * @return a copy of the graph that this network was compiled from
     * @throws IllegalStateException if it was not compiled from a {@code ComputationGraph}
     */
    public ComputationGraph toComputationGraph() {
        return origin().toComputationGraph(plain.flat);
    }

    private Dl4jOrigin origin() {
        if (compiled.origin == null) {
            throw new IllegalStateException("network must come from Deeplearning4j, was built from layers");
        }
        return compiled.origin;
    }

    @Override
    public Batch logits(Batch inputs) {
        return run(compiled.fast, fast, inputs, compiled.fast.ops.length, Shape.of(spec.classes()));
    }

    @Override
    public Batch activations(Batch inputs, int layer) {
        Objects.checkIndex(layer, layers().size());
        if (layer == layers().size() - 1) {
            return logits(inputs);
        }
        int value = compiled.plain.valueOfLayer[layer];
        return run(compiled.plain, plain, inputs, value, layers().get(layer).outputShape());
    }

    /** Runs the ops before {@code end} and returns what the last of them gives. */
    private Batch run(Plan plan, Weights weights, Batch inputs, int end, Shape shape) {
        spec.requireInputs(inputs);
        int rows = inputs.size();
        float[] result = new float[Math.multiplyExact(rows, shape.size())];
        Executor threads = executor;
        if (threads == null || rows <= plan.chunk) {
            run(plan, weights, inputs, 0, rows, end, shape.size(), result);
        } else {
            new RowChunks(taskRows(plan, rows), threads)
                    .map(
                            rows,
                            (from, to) -> {
                                run(plan, weights, inputs, from, to, end, shape.size(), result);
                                return List.of();
                            },
                            Progress.NONE);
        }
        return inputs.like(result, shape);
    }

    private static int taskRows(Plan plan, int rows) {
        int chunks = (rows - 1) / plan.chunk + 1;
        return ((chunks - 1) / TASKS + 1) * plan.chunk;
    }

    private void run(Plan plan, Weights weights, Batch inputs, int from, int to, int end, int size, float[] result) {
        Frame f = compiled.frames.borrow(weights);
        Chunk c = compiled.frames.borrowChunk(plan.ops.length + 1);
        int features = plan.size(0);
        for (int row = from; row < to; row += c.valid) {
            Progress.checkInterrupted();
            c.first = row;
            c.width = plan.width(to - row);
            c.valid = Math.min(to - row, c.width);
            float[] x = f.arena.take(features * c.width);
            Lanes.spread(inputs.array(), inputs.offset() + row * features, features, c.valid, x, c.width);
            c.values[0] = x;
            plan.forward(f, c, 0, end, false);
            Lanes.gather(c.value(plan.slot[end]), c.width, size, c.valid, result, row * size);
            c.release(f);
        }
        compiled.frames.giveBack(c);
        compiled.frames.giveBack(f);
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        spec.requireInputs(inputs);
        float[] dx =
                new float[Math.multiplyExact(inputs.size(), spec.inputShape().size())];
        Pass pass = new Pass(compiled.fast, fast, compiled.frames, executor, inputs, 0);
        Batch logits = pass.forward();
        pass.backward(requireCotangents(cotangentOfLogits.apply(logits), logits), dx, null);
        return new LogitsAndGradient(logits, inputs.like(dx, spec.inputShape()));
    }

    @Override
    public ParameterGradient parameterGradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        spec.requireInputs(inputs);
        float[] gradient = new float[compiled.plain.layout.size()];
        Pass pass = new Pass(compiled.plain, plain, compiled.frames, executor, inputs, 0);
        Batch logits = pass.forward();
        pass.backward(requireCotangents(cotangentOfLogits.apply(logits), logits), null, gradient);
        return new ParameterGradient(logits, gradient);
    }

    /**
     * The clipped sum of per-example gradients. Norms come from the deltas (dense layers and convolutions with few
     * positions in closed form, other convolutions by one small product for each row); the sum is one more backward pass
     * with scaled cotangents.
     *
     * @throws IllegalArgumentException if the network has batch normalisation that is not frozen: in training it mixes rows
     */
    @Override
    public ClippedSum clippedGradientSum(Batch inputs, Targets targets, Loss loss, double clip) {
        Checks.positive("clip", clip);
        spec.requireInputs(inputs);
        if (targets.size() != inputs.size()) {
            throw new IllegalArgumentException(
                    "targets must have " + inputs.size() + " rows like inputs, had " + targets.size());
        }
        spec.requireLabels(targets.labels());
        Plan plan = compiled.plain;
        for (int i = 0; i < plan.ops.length; i++) {
            if (plan.ops[i] instanceof Op.Mixing && !plan.frozen[i]) {
                throw new IllegalArgumentException(
                        "network must not mix rows in training for per-example gradients, layer " + plan.layerOf(i)
                                + " (batch normalisation) does");
            }
        }
        Pass pass = new Pass(plan, plain, compiled.frames, executor, inputs, 0);
        Batch logits = pass.forward();
        LossValues values = loss.evaluate(logits, targets, new Loss.Pass(this, inputs));
        float[] sum = new float[plan.layout.size()];
        double[] norms = pass.clippedBackward(requireCotangents(values.cotangents(), logits), clip, sum);
        return new ClippedSum(sum, norms);
    }

    static Batch requireCotangents(Batch cotangents, Batch logits) {
        if (cotangents.size() != logits.size() || !cotangents.shape().equals(logits.shape())) {
            throw new IllegalArgumentException("cotangent must have " + logits.size() + " rows of " + logits.shape()
                    + " like the logits, was " + cotangents);
        }
        return cotangents;
    }
}
