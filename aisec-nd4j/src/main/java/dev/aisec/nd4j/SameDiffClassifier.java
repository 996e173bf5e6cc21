// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.Progress;
import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph as a classifier, run by ND4J.
 *
 * <p>Guarantee: logits are the values of the variable named; gradients are those of inference mode, for any function of the
 * logits. The graph given is copied: it is neither changed nor watched. At creation, logits are compared with the graph's own
 * output, and the gradient along random directions with finite differences.
 *
 * <p>Thread-safe: calls run one at a time, since a SameDiff graph keeps state by thread and races are known. Speed is ND4J's.
 *
 * <p>Limits: ND4J prints a line for each operation to standard output when the gradient is made, once at creation. Noise
 * operations of the graph (dropout) draw as ND4J sees fit; a graph whose output is not a function of its input does not pass
 * the self-check.
 */
public final class SameDiffClassifier implements DifferentiableClassifier {
    private static final int CHUNK = 256;
    private static final int CHECK_ROWS = 3;
    private static final int CHECK_DIRECTIONS = 5;
    private static final String COTANGENT = "aisecCotangent";
    private static final String LOSS = "aisecLoss";

    private final SameDiff graph;
    private final String input;
    private final String logits;
    private final ModelSpec spec;
    private final Shape taken;
    private final DataType type;
    private final Object lock = new Object();

    private SameDiffClassifier(
            SameDiff graph, String input, String logits, ModelSpec spec, Shape taken, DataType type) {
        this.graph = graph;
        this.input = input;
        this.logits = logits;
        this.spec = spec;
        this.taken = taken;
        this.type = type;
    }

    /**
     * Wraps a copy of a graph.
     *
     * @param graph the graph; the input is its only placeholder
     * @param input name of the placeholder for a batch of inputs, FLOAT or DOUBLE; first axis samples
     * @param logits name of the variable with the logits, of shape (rows, classes)
     * @param inputShape shape of one example; a placeholder of another rank and as many values is served too
     * @param bounds valid inputs
     * @return the classifier
     * @throws IllegalArgumentException if a name or a shape does not fit
     * @throws SecurityControlException if the self-check fails: results could not be relied on
     */
    public static SameDiffClassifier of(SameDiff graph, String input, String logits, Shape inputShape, Bounds bounds) {
        Dl4jModels.requireNatives();
        require(graph, input, "input");
        require(graph, logits, "logits");
        if (graph.getVariable(input).getVariableType() != VariableType.PLACEHOLDER) {
            throw new IllegalArgumentException("input must be a placeholder, " + input + " is "
                    + graph.getVariable(input).getVariableType());
        }
        for (String other : graph.inputs()) {
            if (!other.equals(input)) {
                throw new IllegalArgumentException("graph must have no placeholder but " + input + ", has " + other);
            }
        }
        DataType type = graph.getVariable(input).dataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            throw new IllegalArgumentException("input must be FLOAT or DOUBLE, was " + type);
        }
        Shape taken = taken(graph.getVariable(input), inputShape);
        SameDiff copy = graph.dup();
        Shape classes;
        try (INDArray x = Batches.toArray(Batch.wrap(new float[inputShape.size()], inputShape), taken, type);
                INDArray z = copy.outputSingle(Map.of(input, x), logits).dup()) {
            classes = Batches.fromArray(z).shape();
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "graph must take inputs of shape " + inputShape + ", does not: " + e.getMessage(), e);
        }
        if (classes.rank() != 1 || classes.size() < 2) {
            throw new IllegalArgumentException(
                    "logits must be a row of >= 2 for each example, " + logits + " has shape " + classes);
        }
        SDVariable cotangent =
                copy.placeHolder(COTANGENT, copy.getVariable(logits).dataType(), -1, classes.size());
        copy.getVariable(logits).mul(cotangent).sum(LOSS);
        copy.setLossVariables(LOSS);
        copy.createGradFunction(input);
        ModelSpec spec = new ModelSpec(inputShape, classes.size(), bounds);
        SameDiffClassifier classifier = new SameDiffClassifier(copy, input, logits, spec, taken, type);
        classifier.checkLogits(graph);
        classifier.checkGradient();
        return classifier;
    }

    private static void require(SameDiff graph, String name, String parameter) {
        if (!graph.hasVariable(name)) {
            throw new IllegalArgumentException(parameter + " must be a variable of the graph, was " + name);
        }
    }

    /** The shape of one example as the placeholder wants it. */
    private static Shape taken(SDVariable placeholder, Shape inputShape) {
        long[] declared = placeholder.placeholderShape();
        if (declared == null || declared.length < 2) {
            return inputShape;
        }
        int[] dimensions = new int[declared.length - 1];
        for (int i = 0; i < dimensions.length; i++) {
            if (declared[i + 1] < 1) {
                return inputShape;
            }
            dimensions[i] = Math.toIntExact(declared[i + 1]);
        }
        Shape shape = Shape.of(dimensions);
        if (shape.size() != inputShape.size()) {
            throw new IllegalArgumentException(
                    "inputShape must have as many values as " + shape + " of the placeholder, was " + inputShape);
        }
        return shape;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        float[] result = new float[Math.multiplyExact(inputs.size(), spec.classes())];
        for (int from = 0; from < inputs.size(); from += CHUNK) {
            Progress.checkInterrupted();
            int to = Math.min(inputs.size(), from + CHUNK);
            float[] part;
            synchronized (lock) {
                part = output(graph, inputs.rows(from, to));
            }
            System.arraycopy(part, 0, result, from * spec.classes(), part.length);
        }
        return inputs.like(result, Shape.of(spec.classes()));
    }

    private float[] output(SameDiff of, Batch part) {
        try (INDArray x = Batches.toArray(part, taken, type)) {
            // The output belongs to the session of the graph: copied, not closed.
            return Batches.values(of.outputSingle(Map.of(input, x), logits));
        }
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Batch z = logits(inputs);
        Batch cotangents = cotangentOfLogits.apply(z);
        if (cotangents.size() != z.size() || !cotangents.shape().equals(z.shape())) {
            throw new IllegalArgumentException("cotangent must have " + z.size() + " rows of " + z.shape()
                    + " like the logits, was " + cotangents);
        }
        int size = spec.inputShape().size();
        float[] result = new float[Math.multiplyExact(inputs.size(), size)];
        DataType logitsType = graph.getVariable(logits).dataType();
        for (int from = 0; from < inputs.size(); from += CHUNK) {
            Progress.checkInterrupted();
            int to = Math.min(inputs.size(), from + CHUNK);
            float[] part;
            synchronized (lock) {
                try (INDArray x = Batches.toArray(inputs.rows(from, to), taken, type);
                        INDArray d = Batches.toArray(cotangents.rows(from, to), logitsType)) {
                    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(input, x, COTANGENT, d), input);
                    part = Batches.values(Objects.requireNonNull(gradients.get(input)));
                }
            }
            System.arraycopy(part, 0, result, from * size, part.length);
        }
        return new LogitsAndGradient(z, inputs.like(result, spec.inputShape()));
    }

    private Batch random(long stream) {
        RandomGenerator random = new Seed(0).generator(stream);
        float[] values = new float[CHECK_ROWS * spec.inputShape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Batch.wrap(values, spec.inputShape());
    }

    private void checkLogits(SameDiff original) {
        Batch x = random(0);
        float[] own = logits(x).toArray();
        float[] expected = output(original, x);
        double largest = 0;
        for (float v : expected) {
            largest = Math.max(largest, Math.abs(v));
        }
        for (int i = 0; i < own.length; i++) {
            if (!(Math.abs(own[i] - expected[i]) <= 1e-4 * largest)) {
                throw new SecurityControlException("self-check of the logits failed: output " + i + " must be "
                        + expected[i] + " and finite, was " + own[i]);
            }
        }
    }

    /** Most of several directional derivatives must agree with differences; a kink may spoil one. */
    private void checkGradient() {
        int right = 0;
        double worst = 0;
        for (int i = 0; i < CHECK_DIRECTIONS; i++) {
            Batch x = random(1 + 2L * i);
            Batch direction = random(2 + 2L * i);
            float[] g = gradient(x, z -> z.like(ones(z), z.shape())).gradient().toArray();
            float h = 1e-2f;
            double up = sum(logits(moved(x, direction, h)));
            double down = sum(logits(moved(x, direction, -h)));
            double difference = (up - down) / (2 * h);
            double slope = 0;
            double norm = 0;
            for (int j = 0; j < g.length; j++) {
                slope += (double) g[j] * direction.array()[j];
                norm += (double) g[j] * g[j];
            }
            double error = Math.abs(slope - difference) / (Math.sqrt(norm) + 1e-3 * (1 + Math.abs(up)));
            worst = Math.max(worst, error);
            right += error <= 0.05 ? 1 : 0;
        }
        if (2 * right <= CHECK_DIRECTIONS) {
            throw new SecurityControlException(
                    "self-check of the gradient failed: it must agree with finite differences," + " is off by up to "
                            + worst + " of its norm");
        }
    }

    private static float[] ones(Batch z) {
        float[] ones = new float[z.size() * z.shape().size()];
        java.util.Arrays.fill(ones, 1f);
        return ones;
    }

    private static double sum(Batch z) {
        double sum = 0;
        for (float v : z.toArray()) {
            sum += v;
        }
        return sum;
    }

    private static Batch moved(Batch x, Batch direction, float h) {
        float[] values = x.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] += h * direction.array()[i];
        }
        return Batch.wrap(values, x.shape());
    }
}
