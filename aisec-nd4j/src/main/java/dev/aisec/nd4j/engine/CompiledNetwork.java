// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.ClippedSum;
import dev.aisec.core.model.LayerInfo;
import dev.aisec.core.model.LayeredClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.ParameterGradient;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.PerExampleGradients;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainableClassifier;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A network in the engine's own form: logits, activations, and exact gradients in inference mode. Immutable and
 * thread-safe; a call works on the calling thread.
 *
 * <p>Rows are worked on in chunks of {@link #chunkRows()}. Cut at multiples of it, a batch gives the same bits on any
 * number of threads, with one BLAS thread. Across other batch sizes, logits agree to rounding: the native product sums
 * in another order for other shapes.
 */
public final class CompiledNetwork implements LayeredClassifier, TrainableClassifier, PerExampleGradients {
    private final Plan plan;
    private final ModelSpec spec;
    private final Weights weights;

    CompiledNetwork(Plan plan, ModelSpec spec, Weights weights) {
        this.plan = plan;
        this.spec = spec;
        this.weights = weights;
    }

    /**
     * Returns the rows of a chunk: where a batch may be cut without changing bits.
     *
     * @return at least 1
     */
    public int chunkRows() {
        return plan.chunk;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public List<LayerInfo> layers() {
        return plan.layers;
    }

    @Override
    public ParameterLayout layout() {
        return plan.layout;
    }

    @Override
    public float[] parameters() {
        return weights.flat.clone();
    }

    @Override
    public CompiledNetwork withParameters(float[] parameters) {
        return new CompiledNetwork(plan, spec, new Weights(plan, Networks.checked(parameters, plan)));
    }

    @Override
    public Batch logits(Batch inputs) {
        return run(inputs, plan.ops.length, Shape.of(spec.classes()));
    }

    @Override
    public Batch activations(Batch inputs, int layer) {
        Objects.checkIndex(layer, plan.layers.size());
        return run(inputs, plan.opOfLayer[layer] + 1, plan.layers.get(layer).outputShape());
    }

    private Batch run(Batch inputs, int end, Shape shape) {
        spec.requireInputs(inputs);
        float[] result = new float[Math.multiplyExact(inputs.size(), shape.size())];
        Frame f = plan.borrow(weights);
        int rows;
        for (int from = 0; from < inputs.size(); from += rows) {
            rows = load(f, inputs, from);
            plan.forward(f, f.values, end, false);
            Lanes.gather(f.values[end], f.width, shape.size(), rows, result, from * shape.size());
            f.arena.give(f.values[end]);
        }
        plan.giveBack(f);
        return inputs.like(result, shape);
    }

    /** Spreads the next rows into value 0; returns how many. */
    private int load(Frame f, Batch inputs, int from) {
        int left = inputs.size() - from;
        f.width = plan.width(left);
        f.valid = Math.min(left, f.width);
        int size = spec.inputShape().size();
        f.values[0] = f.arena.take(size * f.width);
        Lanes.spread(inputs.array(), inputs.offset() + from * size, size, f.valid, f.values[0], f.width);
        return f.valid;
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        float[] dx =
                new float[Math.multiplyExact(inputs.size(), spec.inputShape().size())];
        Batch logits = forwardAndBack(inputs, cotangentOfLogits, dx, null);
        return new LogitsAndGradient(logits, inputs.like(dx, spec.inputShape()));
    }

    @Override
    public ParameterGradient parameterGradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        float[] gradient = new float[plan.layout.size()];
        return new ParameterGradient(forwardAndBack(inputs, cotangentOfLogits, null, gradient), gradient);
    }

    /**
     * The clipped sum of per-example gradients. Norms come from the deltas (dense layers in closed form, convolutions
     * by one small product for each row); the sum is one more backward pass with scaled cotangents, which is exact, as
     * that pass is linear in each row's cotangent.
     */
    @Override
    public ClippedSum clippedGradientSum(Batch inputs, Targets targets, Loss loss, double clip) {
        if (!(clip > 0 && clip < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("clip must be > 0 and finite, was " + clip);
        }
        if (targets.size() != inputs.size()) {
            throw new IllegalArgumentException(
                    "targets must have " + inputs.size() + " rows like inputs, had " + targets.size());
        }
        spec.requireLabels(targets.labels());
        Batch logits = logits(inputs);
        LossValues values = loss.evaluate(logits, targets, new Loss.Pass(this, inputs));
        Batch cotangents = requireCotangents(values.cotangents(), logits);
        int classes = spec.classes();
        double[] norms = new double[inputs.size()];
        double[] chunkNorms = new double[plan.chunk];
        float[] sum = new float[plan.layout.size()];
        Frame f = plan.borrow(weights);
        f.gradients = null;
        Gradients gradients = new Gradients(plan);
        int rows;
        for (int from = 0; from < inputs.size(); from += rows) {
            rows = load(f, inputs, from);
            plan.forward(f, f.values, plan.ops.length, true);
            float[] d = f.arena.take(classes * f.width);
            int at = cotangents.offset() + from * classes;
            Lanes.spreadZero(cotangents.array(), at, classes, rows, d, f.width);
            java.util.Arrays.fill(chunkNorms, 0);
            plan.backward(f, f.values, d, false, chunkNorms);
            d = f.arena.take(classes * f.width);
            Lanes.spreadZero(cotangents.array(), at, classes, rows, d, f.width);
            for (int r = 0; r < rows; r++) {
                norms[from + r] = Math.sqrt(chunkNorms[r]);
                float factor = (float) Math.min(1, clip / norms[from + r]);
                for (int c = 0; c < classes; c++) {
                    d[c * f.width + r] *= factor;
                }
            }
            gradients.clear();
            f.gradients = gradients;
            plan.backward(f, f.values, d, false, null);
            f.gradients = null;
            gradients.addTo(sum);
            plan.release(f, f.values);
        }
        plan.giveBack(f);
        return new ClippedSum(sum, norms);
    }

    /**
     * Forward over all chunks, the cotangent, then for each chunk forward again (keeping values) and back, unless the
     * batch is one chunk. Recomputing bounds the memory; it gives the same bits.
     */
    private Batch forwardAndBack(
            Batch inputs, UnaryOperator<Batch> cotangentOfLogits, float @Nullable [] dx, float @Nullable [] dw) {
        spec.requireInputs(inputs);
        int classes = spec.classes();
        int chunks = 0;
        for (int from = 0;
                from < inputs.size();
                from += Math.min(inputs.size() - from, plan.width(inputs.size() - from))) {
            chunks++;
        }
        long perChunk = 0;
        for (int v = 0; v <= plan.ops.length; v++) {
            perChunk += (long) plan.size(v) * plan.chunk * Float.BYTES;
        }
        boolean keep = perChunk * chunks <= KEPT_BYTES;
        float[][][] kept = new float[keep ? chunks : 0][][];
        float[] result = new float[Math.multiplyExact(inputs.size(), classes)];
        Frame f = plan.borrow(weights);
        f.gradients = null;
        int rows;
        for (int from = 0, i = 0; from < inputs.size(); from += rows, i++) {
            rows = load(f, inputs, from);
            plan.forward(f, f.values, plan.ops.length, keep);
            float[] last = f.values[plan.ops.length];
            Lanes.gather(last, f.width, classes, rows, result, from * classes);
            if (keep) {
                kept[i] = f.values.clone();
            } else {
                f.arena.give(last);
            }
        }
        Batch logits = inputs.like(result, Shape.of(classes));
        Batch cotangents = requireCotangents(cotangentOfLogits.apply(logits), logits);
        Gradients gradients = dw == null ? null : new Gradients(plan);
        f.gradients = gradients;
        int size = spec.inputShape().size();
        for (int from = 0, i = 0; from < inputs.size(); from += rows, i++) {
            float[][] values;
            if (keep) {
                values = kept[i];
                f.width = plan.width(inputs.size() - from);
                f.valid = Math.min(f.width, inputs.size() - from);
                rows = f.valid;
            } else {
                rows = load(f, inputs, from);
                plan.forward(f, f.values, plan.ops.length, true);
                values = f.values;
            }
            float[] d = f.arena.take(classes * f.width);
            Lanes.spreadZero(cotangents.array(), cotangents.offset() + from * classes, classes, rows, d, f.width);
            if (gradients != null) {
                gradients.clear();
            }
            float[] din = plan.backward(f, values, d, dx != null, null);
            if (din != null && dx != null) {
                Lanes.gather(din, f.width, size, rows, dx, from * size);
                f.arena.give(din);
            }
            if (gradients != null && dw != null) {
                gradients.addTo(dw);
            }
            plan.release(f, values);
        }
        f.gradients = null;
        plan.giveBack(f);
        return logits;
    }

    /** Values kept between forward and backward; beyond this they are computed again. */
    private static final long KEPT_BYTES = 64L << 20;

    private static Batch requireCotangents(Batch cotangents, Batch logits) {
        if (cotangents.size() != logits.size() || !cotangents.shape().equals(logits.shape())) {
            throw new IllegalArgumentException("cotangent must have " + logits.size() + " rows of " + logits.shape()
                    + " like the logits, was " + cotangents);
        }
        return cotangents;
    }
}
