// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * One step of a plan. It has geometry only; parameters stand in {@link Weights}, buffers come with the {@link Frame}, so an
 * op serves any number of threads.
 *
 * <p>A value of f features for a chunk of w rows is a {@code float[]} with feature i of row r at {@code i * w + r}; it may be
 * longer. Padding rows hold finite rubbish; their cotangents are 0.
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

    final boolean isTrained() {
        return tensors().stream().anyMatch(t -> t.kind() != TensorSpec.Kind.STATISTIC);
    }

    /** Whether the op passes its input through, so that no work is done. */
    boolean isIdentity() {
        return false;
    }

    /** Fills {@code frame.out}. */
    abstract void forward(Frame frame);

    /**
     * Fills every {@code frame.dIn[i]} that is not null, and adds to the parameter gradients if there are any. May destroy
     * {@code frame.dOut}.
     */
    abstract void backward(Frame frame);

    /** Adds to each row's norm the squared norm of its gradient. Called before {@link #backward}. */
    void addSquaredNorms(Frame frame, double[] norms) {
        if (isTrained()) {
            throw new IllegalStateException(
                    "no per-example gradients in " + getClass().getSimpleName());
        }
    }

    /** Whether rows of a batch depend on one another, so that {@link Mixing} is needed. */
    final boolean mixes() {
        return this instanceof Mixing m && m.isMixing();
    }

    /** An op that needs sums over the batch before it can run on a chunk. */
    interface Mixing {
        boolean isMixing();

        /** Length of the sums, forwards and backwards. */
        int sums();

        /** Adds the chunk's part to the sums of the forward pass; {@code frame.in} is set. */
        void gather(Frame frame, double[] sums);

        /** From sums to statistics, in place; the op's parameters start at the offset in the flat vector. */
        void finish(double[] sums, int rows, float[] flat, int offset);

        /** Adds the chunk's part to the sums of the backward pass; {@code frame.in} and {@code frame.dOut} are set. */
        void gatherBackward(Frame frame, double[] sums);

        /** From sums of the backward pass to means, in place. */
        void average(double[] sums, int rows);

        /** Adds the parameter gradients, from the sums over the batch. */
        void addGradients(double[] sums, int firstTensor, Gradients gradients);

        /** Moves the running statistics in the flat vector towards those of the batch. */
        void updateRunning(double[] statistics, float[] flat, int offset);
    }
}
