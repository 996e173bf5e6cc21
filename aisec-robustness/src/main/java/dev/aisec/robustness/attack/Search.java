// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What every attack keeps: which rows are broken and by what, the nearest such sample, and what it cost. At the end each
 * sample is given to the model once more. Belongs to one call.
 *
 * <p>Rows are numbers into the inputs. Candidates are arrays that hold some rows, one after the other.
 */
final class Search {
    final Batch inputs;
    final Goal goal;
    final ModelSpec spec;
    final Bounds bounds;
    /** Features of a row. */
    final int n;

    /** Share of the logits by which one must win at least: in another batch their last bits may differ. */
    private static final double HAIR = 4e-6;

    /** By how much a logit must win for a sample to be taken. */
    double confidence;

    /** What the sample kept has the least of; the norm, unless an attack decides by something else. */
    Measure measure;

    /** Distance within which any sample will do; 0 if only the nearest will. */
    double enough;

    /** Whether a sample is taken that wins by a hair. */
    private boolean byHair = true;

    private final Classifier model;
    private final Norm norm;
    private final Batch numbering;
    private final float[] samples;
    private final double[] distances;
    private final AttackResult.Status[] status;
    private final int[] queries;
    private final int[] gradients;
    private final int[] zeroGradients;

    /** Checks what was given and asks the model about the inputs themselves. */
    Search(Classifier model, Batch inputs, Goal goal, Norm norm) {
        this.model = model;
        this.inputs = inputs;
        this.goal = goal;
        this.norm = norm;
        measure = norm::length;
        spec = model.spec();
        bounds = spec.bounds();
        spec.requireInputs(inputs);
        goal.check(spec, inputs.size());
        requireInside(inputs, bounds);
        n = inputs.shape().size();
        numbering = inputs.like(new float[inputs.size()], Shape.of(1));
        samples = inputs.toArray();
        distances = new double[inputs.size()];
        Arrays.fill(distances, Double.POSITIVE_INFINITY);
        status = new AttackResult.Status[inputs.size()];
        queries = new int[inputs.size()];
        gradients = new int[inputs.size()];
        zeroGradients = new int[inputs.size()];
        int[] predicted = inputs.size() == 0 ? new int[0] : model.predict(inputs);
        for (int i = 0; i < predicted.length; i++) {
            queries[i]++;
            status[i] = goal.achieved(i, predicted[i]) ? AttackResult.Status.NOTHING_TO_DO : AttackResult.Status.FAILED;
        }
    }

    /** A search of an attack that goes as near to the boundary as it can, and must not come to lie on it. */
    static Search nearest(Classifier model, Batch inputs, Goal goal, Norm norm) {
        Search search = new Search(model, inputs, goal, norm);
        search.byHair = false;
        return search;
    }

    /** Rejects inputs that the model does not take. */
    static void requireInside(Batch inputs, Bounds bounds) {
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

    /** The rows whose goal is not achieved yet. */
    int[] open() {
        return where(AttackResult.Status.FAILED);
    }

    /** The rows that a sample was found for. */
    int[] broken() {
        return where(AttackResult.Status.SUCCEEDED);
    }

    /** The rows with something to do, broken or not. */
    int[] all() {
        int[] rows = new int[status.length];
        int count = 0;
        for (int i = 0; i < rows.length; i++) {
            if (status[i] != AttackResult.Status.NOTHING_TO_DO) {
                rows[count++] = i;
            }
        }
        return Arrays.copyOf(rows, count);
    }

    private int[] where(AttackResult.Status wanted) {
        int[] rows = new int[status.length];
        int count = 0;
        for (int i = 0; i < rows.length; i++) {
            if (status[i] == wanted) {
                rows[count++] = i;
            }
        }
        return Arrays.copyOf(rows, count);
    }

    boolean isBroken(int row) {
        return status[row] == AttackResult.Status.SUCCEEDED;
    }

    /** Whether a sample was found that is near enough, so that the row can be left alone. */
    boolean isDone(int row) {
        return enough > 0 && isBroken(row) && norm.length(samples, row * n, inputs.array(), start(row), n) <= enough;
    }

    /** Distance of the nearest sample found for a row; infinite if there is none. */
    double distance(int row) {
        return distances[row];
    }

    /** Copies the nearest sample found for a row. */
    void copySample(int row, float[] to, int at) {
        System.arraycopy(samples, row * n, to, at, n);
    }

    /** Where a row's input starts in {@code inputs.array()}. */
    int start(int row) {
        return inputs.offset() + row * n;
    }

    /** Copies the inputs of some rows, one after the other. */
    float[] inputsOf(int[] rows) {
        float[] x = new float[Math.multiplyExact(rows.length, n)];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(inputs.array(), start(rows[r]), x, r * n, n);
        }
        return x;
    }

    /**
     * The numbers of rows, which may repeat, as a batch under which candidates stand; made anew when rows change. It has one
     * value for each row, so that it costs nothing.
     */
    Batch numbers(int[] rows) {
        return numbering.select(rows);
    }

    /** How far a sample is from its input. */
    @FunctionalInterface
    interface Measure {
        double length(float[] a, int ai, float[] b, int bi, int n);
    }

    /** Takes a sample that the model was seen to be fooled by, if it is nearer than what is there. */
    void found(int row, float[] x, int at) {
        double distance = measure.length(x, at, inputs.array(), start(row), n);
        if (distance < distances[row]) {
            distances[row] = distance;
            System.arraycopy(x, at, samples, row * n, n);
            status[row] = AttackResult.Status.SUCCEEDED;
        }
    }

    /** Keeps what was tried last for a row that is not broken. */
    void tried(int row, float[] x, int at) {
        if (!isBroken(row)) {
            System.arraycopy(x, at, samples, row * n, n);
        }
    }

    /** Asks the model about candidates and takes those that achieve the goal. */
    Batch ask(int[] rows, Batch numbers, float[] x) {
        Batch logits = probe(rows, numbers, x);
        take(rows, logits, x);
        return logits;
    }

    /** Asks the model about candidates, several for a row if its number repeats, and takes none. */
    Batch probe(int[] rows, Batch numbers, float[] x) {
        Progress.checkInterrupted();
        Batch logits = model.logits(numbers.like(x, inputs.shape()));
        for (int row : rows) {
            queries[row]++;
        }
        return logits;
    }

    /**
     * Asks the model for its decisions only, on candidates, several for a row if its number repeats. Takes the nearest of
     * those that achieve the goal.
     *
     * @return for each candidate, whether it achieves the goal
     */
    boolean[] decide(int[] rows, Batch numbers, float[] x) {
        Progress.checkInterrupted();
        int[] predicted = model.predict(numbers.like(x, inputs.shape()));
        boolean[] achieved = new boolean[rows.length];
        for (int r = 0; r < rows.length; r++) {
            queries[rows[r]]++;
            achieved[r] = goal.achieved(rows[r], predicted[r]);
            if (achieved[r]) {
                found(rows[r], x, r * n);
            }
        }
        return achieved;
    }

    /** Takes the candidates that achieve the goal. */
    private void take(int[] rows, Batch logits, float[] x) {
        int[] predicted = Logits.argmax(logits);
        for (int r = 0; r < rows.length; r++) {
            if (goal.achieved(rows[r], predicted[r]) && sure(logits, r, rows[r])) {
                found(rows[r], x, r * n);
            }
        }
    }

    /** Whether the logits of candidate r achieve the goal of its row, with the confidence asked for. */
    boolean succeeds(Batch logits, int r, int row) {
        return goal.achieved(row, Logits.argmax(logits.rows(r, r + 1))[0]) && sure(logits, r, row);
    }

    private boolean sure(Batch logits, int r, int row) {
        double least = least(logits, r);
        return least == 0 || margin(logits, r, row) >= least;
    }

    /** The margin at which a candidate is taken. */
    double least(Batch logits, int r) {
        double size = 0;
        for (int c = 0; c < (byHair ? 0 : logits.shape().size()); c++) {
            // A class that is never given, with logit −∞, says nothing of rounding.
            double z = Math.abs(logits.get(r, c));
            size = z < Double.POSITIVE_INFINITY ? Math.max(size, z) : size;
        }
        return Math.max(confidence, HAIR * size);
    }

    /** By how much the logits of candidate r achieve the goal of its row; negative where they do not. */
    double margin(Batch logits, int r, int row) {
        int classes = logits.shape().size();
        float[] z = logits.array();
        int at = logits.offset() + r * classes;
        int label = goal.label(row);
        double other = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            other = c == label ? other : Math.max(other, z[at + c]);
        }
        double difference = other - z[at + label];
        return goal.targeted() ? -difference : difference;
    }

    /** Logits, loss and gradient at candidates. */
    record Slope(Batch logits, double[] loss, float[] gradient, int offset) {}

    /** Asks for the gradient of a loss at candidates and takes those that achieve the goal. */
    Slope slope(DifferentiableClassifier of, int[] rows, Batch numbers, float[] x, Loss loss, Targets targets) {
        Progress.checkInterrupted();
        Batch at = numbers.like(x, inputs.shape());
        double[][] values = new double[1][];
        LogitsAndGradient both = of.gradient(at, z -> {
            LossValues v = loss.evaluate(z, targets, new Loss.Pass(of, at));
            values[0] = v.values();
            return v.cotangents();
        });
        take(rows, both.logits(), x);
        float[] g = both.gradient().array();
        int offset = both.gradient().offset();
        for (int r = 0; r < rows.length; r++) {
            queries[rows[r]]++;
            gradients[rows[r]]++;
            countZero(rows[r], g, offset + r * n);
        }
        return new Slope(both.logits(), values[0], g, offset);
    }

    private void countZero(int row, float[] g, int at) {
        boolean zero = true;
        for (int i = at; i < at + n; i++) {
            if (!Float.isFinite(g[i])) {
                throw new IllegalStateException(
                        "gradient must be finite, was not at row " + inputs.rowNumber(row) + " of the inputs");
            }
            zero &= g[i] == 0;
        }
        zeroGradients[row] += zero ? 1 : 0;
    }

    /** Counts a forward pass that an attack made by itself. */
    void countQuery(int row) {
        queries[row]++;
    }

    /** Counts a backward pass that an attack made by itself. */
    void countGradient(int row) {
        gradients[row]++;
    }

    int queries(int row) {
        return queries[row];
    }

    /** Positions within {@code rows} of those that are not done; null if that is all of them. */
    int @Nullable [] undone(int[] rows) {
        int[] kept =
                IntStream.range(0, rows.length).filter(r -> !isDone(rows[r])).toArray();
        return kept.length == rows.length ? null : kept;
    }

    /** Those of the rows that are not broken. */
    int[] stillOpen(int[] rows) {
        return Arrays.stream(rows).filter(r -> !isBroken(r)).toArray();
    }

    /** Positions within {@code rows} of those that are not broken; null if that is all of them. */
    int @Nullable [] keep(int[] rows) {
        int[] kept = new int[rows.length];
        int count = 0;
        for (int r = 0; r < rows.length; r++) {
            if (!isBroken(rows[r])) {
                kept[count++] = r;
            }
        }
        return count == rows.length ? null : Arrays.copyOf(kept, count);
    }

    /** The chosen rows of an array with {@code width} values for each row. */
    static float[] pick(float[] x, int width, int[] kept) {
        float[] y = new float[kept.length * width];
        for (int k = 0; k < kept.length; k++) {
            System.arraycopy(x, kept[k] * width, y, k * width, width);
        }
        return y;
    }

    static int[] pick(int[] rows, int[] kept) {
        int[] y = new int[kept.length];
        for (int k = 0; k < kept.length; k++) {
            y[k] = rows[kept[k]];
        }
        return y;
    }

    static double[] pick(double[] values, int[] kept) {
        double[] y = new double[kept.length];
        for (int k = 0; k < kept.length; k++) {
            y[k] = values[kept[k]];
        }
        return y;
    }

    /** What is returned, after the model was asked about exactly that; no distance may exceed the radius. */
    AttackResult result(double radius) {
        Batch returned = inputs.like(samples, inputs.shape());
        confirm(returned);
        List<AttackResult.Row> rows = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            double distance = norm.distance(returned, inputs, i);
            if (!(distance <= radius)) {
                throw new IllegalStateException(
                        "distance must be <= " + radius + ", was " + distance + " at row " + inputs.rowNumber(i));
            }
            rows.add(new AttackResult.Row(status[i], distance, queries[i], gradients[i], zeroGradients[i]));
        }
        return new AttackResult(returned, rows);
    }

    private void confirm(Batch returned) {
        int[] broken = broken();
        if (broken.length == 0) {
            return;
        }
        int[] predicted = model.predict(returned.select(broken));
        for (int b = 0; b < broken.length; b++) {
            queries[broken[b]]++;
            if (!goal.achieved(broken[b], predicted[b])) {
                status[broken[b]] = AttackResult.Status.UNCONFIRMED;
            }
        }
    }
}
