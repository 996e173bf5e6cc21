// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/** What an op sees while it runs on one chunk. Mutable; belongs to one thread. */
final class Frame {
    private static final int SLOTS = 3;

    final Arena arena = new Arena();
    private final @Nullable Native[] scratch = new Native[SLOTS];
    private @Nullable Native ones;

    /** Columns of the chunk: valid rows first, then padding. */
    int width;
    /** Rows that are real. */
    int valid;

    /** Inputs of the running op. */
    final float[][] in = new float[1][];

    float[] out = new float[0];
    float[] dOut = new float[0];
    final float[] @Nullable [] dIn = new float[1][];
    /** Values of the chunk that is worked on. */
    final float[][] values;

    Weights weights;

    @Nullable
    Gradients gradients;
    /** First tensor of the running op. */
    int tensor;
    /** Number of the running op. */
    int node;
    /** Number of row 0 within the batch. */
    int firstRow;

    Frame(Weights weights, int count) {
        this.weights = weights;
        values = new float[count][];
    }

    FloatPointer weight(int index) {
        return weights.pointer(tensor + index, 0);
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
