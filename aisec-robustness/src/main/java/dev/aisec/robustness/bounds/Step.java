// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A layer in the form that bounds are computed with. Immutable. */
abstract class Step {
    final int inputs;
    final int outputs;

    Step(int inputs, int outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /** The steps of a network. */
    static List<Step> of(FeedForward network) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < network.layers().size(); i++) {
            of(network, i).ifPresent(steps::add);
        }
        return steps;
    }

    /** The step of a layer; none if it only changes the shape. */
    static Optional<Step> of(FeedForward network, int index) {
        FeedForward.Layer layer = network.layers().get(index);
        Shape in = network.inputShape(index);
        Shape out = network.inputShape(index + 1);
        if (layer instanceof FeedForward.Dense d) {
            return Optional.of(new DenseStep(d));
        } else if (layer instanceof FeedForward.Convolution c) {
            return Optional.of(new ConvolutionStep(c, in, out));
        } else if (layer instanceof FeedForward.AveragePooling p) {
            return Optional.of(new AverageStep(p, in, out));
        } else if (layer instanceof FeedForward.MaxPooling p) {
            return Optional.of(new MaxStep(p, in, out));
        } else if (layer instanceof FeedForward.Relu r) {
            return Optional.of(new ReluStep(r.slope(), in.size()));
        }
        return Optional.empty();
    }

    /** Bounds of the outputs, moved outward, and {@code in.magnitude}, from the bounds of the inputs. */
    abstract void forward(Box in, double[] outLow, double[] outHigh);

    /**
     * Goes from lower bounds that are linear in the outputs to such that are linear in the inputs.
     *
     * <p>On entry, for every row r and all inputs of the network in question, what is bounded is at least a_r · outputs +
     * constant_r − slack_r; on return the same holds for {@code out} and the inputs.
     *
     * @param in bounds of the inputs, after {@link #forward}
     * @param a coefficients of the outputs; may be written to
     * @param rows number of rows
     * @param out receives the coefficients of the inputs
     * @param constant constants of the rows
     * @param slack slacks of the rows, for rounding
     */
    abstract void back(Box in, double[][] a, int rows, double[][] out, double[] constant, double[] slack);
}
