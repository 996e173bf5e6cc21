// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * One step of a plan. It has geometry only; parameters stand in {@link Weights}, buffers come with the {@link Frame},
 * so an op serves any number of threads.
 *
 * <p>A value of f features for a chunk of w rows is a {@code float[]} with feature i of row r at {@code i * w + r};
 * the array may be longer.
 */
abstract class Op {
    private final Shape output;

    Op(Shape output) {
        this.output = output;
    }

    /** Shape of the output for one example. */
    final Shape output() {
        return output;
    }

    /** The parameters, in the order of the flat vector. */
    List<TensorSpec> tensors() {
        return List.of();
    }

    /** Whether the op passes its input through, so that no work is done. */
    boolean isIdentity(boolean training) {
        return false;
    }

    /** Fills {@code frame.out}. */
    abstract void forward(Frame frame);

    /**
     * Fills every {@code frame.dIn[i]} that is not null, and adds to the parameter gradients if there are any. May
     * destroy {@code frame.dOut}.
     */
    abstract void backward(Frame frame);

    /** Adds to each row's norm the squared norm of its gradient. Called instead of, and before, {@link #backward}. */
    void addSquaredNorms(Frame frame, double[] norms) {
        if (!tensors().isEmpty()) {
            throw new IllegalStateException(
                    "no per-example gradients in " + getClass().getSimpleName());
        }
    }
}
