// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;

/** The parameters: one flat vector on the heap, and each tensor off the heap for gemm. Read by many threads. */
final class Weights {
    final float[] flat;
    private final int[] offsets;
    private final Native[] natives;
    private final FloatPointer[][] pointers;

    /** Takes the vector without copying. */
    Weights(Plan plan, float[] flat) {
        this.flat = flat;
        offsets = plan.tensorOffsets();
        natives = new Native[offsets.length];
        pointers = new FloatPointer[offsets.length][];
        for (int i = 0; i < natives.length; i++) {
            TensorSpec t = plan.tensor(i);
            natives[i] = new Native(t.shape().size());
            pointers[i] = new FloatPointer[t.pieces()];
            for (int g = 0; g < t.pieces(); g++) {
                pointers[i][g] = natives[i].at(g * (t.shape().size() / t.pieces()));
            }
        }
        push();
    }

    /** Copies the flat vector to the off-heap tensors; for the trainer, while nobody else reads. */
    void push() {
        for (int i = 0; i < natives.length; i++) {
            natives[i].buffer.put(0, flat, offsets[i], natives[i].capacity);
        }
    }

    int offset(int tensor) {
        return offsets[tensor];
    }

    FloatPointer pointer(int tensor, int piece) {
        return pointers[tensor][piece];
    }
}
