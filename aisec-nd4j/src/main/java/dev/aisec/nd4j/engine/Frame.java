// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/** What an op sees while it runs on one chunk, and scratch memory. Mutable; belongs to one thread. */
final class Frame {
    private static final int SLOTS = 3;

    final Arena arena = new Arena();
    private final @Nullable Native[] scratch = new Native[SLOTS];
    private @Nullable Native ones;

    /** Columns of the chunk: valid rows first, then padding. */
    int width;
    /** Rows that are real. */
    int valid;
    /** Number of the chunk's first row within the batch. */
    int firstRow;

    /** Inputs of the running op. */
    float[][] in = new float[2][];

    float[] out = new float[0];
    float[] dOut = new float[0];
    /** Where cotangents of the inputs go; null where nobody wants them. */
    float[] @Nullable [] dIn = new float[2][];

    private @Nullable Weights weights;

    @Nullable
    Gradients gradients;
    /** Number of the running op. */
    int op;
    /** First tensor of the running op. */
    int tensor;
    /** Seed of what is drawn in this batch. */
    long noise;
    /** Statistics of the batch, by op. */
    double @Nullable [][] statistics;
    /** Sums over the batch that the backward pass of an op needs, by op. */
    double @Nullable [][] backStatistics;

    Weights weights() {
        Weights w = weights;
        if (w == null) {
            throw new IllegalStateException("no weights");
        }
        return w;
    }

    /** Prepares for another use. */
    Frame with(Weights other) {
        weights = other;
        gradients = null;
        statistics = null;
        backStatistics = null;
        return this;
    }

    FloatPointer weight(int index) {
        return weights().pointer(tensor + index, 0);
    }

    /** Off-heap scratch of at least the given size; one block for each slot. */
    Native scratch(int slot, int floats) {
        Native block = scratch[slot];
        if (block == null || block.capacity < floats) {
            block = new Native(floats);
            scratch[slot] = block;
        }
        return block;
    }

    /** A vector of ones, for sums by gemv. */
    Native ones(int floats) {
        Native block = ones;
        if (block == null || block.capacity < floats) {
            block = new Native(floats);
            for (int i = 0; i < floats; i++) {
                block.buffer.put(i, 1f);
            }
            ones = block;
        }
        return block;
    }
}
