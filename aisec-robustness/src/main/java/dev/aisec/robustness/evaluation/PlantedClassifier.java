// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A model with two classes whose logits are 0 and w · z + b, where z are the logits of another model and each row, known by
 * its number, has its own w and b.
 */
final class PlantedClassifier implements DifferentiableClassifier {
    /** w and b of a row. */
    record Readout(double[] weights, double bias) {}

    private static final Shape TWO = Shape.of(2);

    private final DifferentiableClassifier model;
    private final ModelSpec spec;
    private final long firstRow;
    private final @Nullable Readout[] readouts;

    /** Row {@code firstRow + i} has readout i. */
    PlantedClassifier(DifferentiableClassifier model, long firstRow, @Nullable Readout[] readouts) {
        this.model = model;
        this.spec = new ModelSpec(model.spec().inputShape(), 2, model.spec().bounds());
        this.firstRow = firstRow;
        this.readouts = readouts;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        return read(inputs, model.logits(inputs));
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        LogitsAndGradient inner = model.gradient(inputs, z -> {
            Batch outer = cotangentOfLogits.apply(read(inputs, z));
            int classes = z.shape().size();
            float[] v = new float[z.size() * classes];
            for (int i = 0; i < z.size(); i++) {
                double[] w = readout(inputs, i).weights();
                for (int c = 0; c < classes; c++) {
                    v[i * classes + c] = (float) (outer.get(i, 1) * w[c]);
                }
            }
            return z.like(v, z.shape());
        });
        return new LogitsAndGradient(read(inputs, inner.logits()), inner.gradient());
    }

    private Batch read(Batch inputs, Batch z) {
        float[] values = new float[2 * z.size()];
        for (int i = 0; i < z.size(); i++) {
            Readout readout = readout(inputs, i);
            double sum = readout.bias();
            for (int c = 0; c < readout.weights().length; c++) {
                sum += readout.weights()[c] * z.get(i, c);
            }
            values[2 * i + 1] = (float) sum;
        }
        return inputs.like(values, TWO);
    }

    private Readout readout(Batch inputs, int row) {
        long at = inputs.rowNumber(row) - firstRow;
        Readout readout = at >= 0 && at < readouts.length ? readouts[(int) at] : null;
        if (readout == null) {
            throw new IllegalArgumentException(
                    "row numbers must be those that were given to the attack, was " + inputs.rowNumber(row));
        }
        return readout;
    }
}
