// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.model.FeedForward;
import java.util.ArrayList;
import java.util.List;

/** A layer in the form that bounds are computed with. Immutable. */
abstract class Step {
    final int inputs;
    final int outputs;

    Step(int inputs, int outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /** The steps of a network; layers that only change the shape are none. */
    static List<Step> of(FeedForward network) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < network.layers().size(); i++) {
            FeedForward.Layer layer = network.layers().get(i);
            if (layer instanceof FeedForward.Dense d) {
                steps.add(new DenseStep(d));
            } else if (layer instanceof FeedForward.Convolution c) {
                steps.add(new ConvolutionStep(c, network.inputShape(i), network.inputShape(i + 1)));
            } else if (layer instanceof FeedForward.AveragePooling p) {
                steps.add(new AverageStep(p, network.inputShape(i), network.inputShape(i + 1)));
            } else if (layer instanceof FeedForward.MaxPooling p) {
                steps.add(new MaxStep(p, network.inputShape(i), network.inputShape(i + 1)));
            } else if (layer instanceof FeedForward.Relu r) {
                steps.add(new ReluStep(r.slope(), network.inputShape(i).size()));
            }
        }
        return steps;
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
