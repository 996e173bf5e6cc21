// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/** The parameters: one flat vector on the heap, and what gemm reads off the heap too. Read by many threads. */
final class Weights {
    final float[] flat;
    private final Plan plan;
    private final @Nullable Native[] natives;
    private final FloatPointer[][] pointers;

    /** Takes the vector without copying. */
    Weights(Plan plan, float[] flat) {
        this.flat = flat;
        this.plan = plan;
        int count = plan.tensors.size();
        natives = new Native[count];
        pointers = new FloatPointer[count][0];
        for (int i = 0; i < count; i++) {
            TensorSpec t = plan.tensors.get(i);
            if (t.kind() != TensorSpec.Kind.WEIGHT) {
                continue;
            }
            Native block = new Native(t.shape().size());
            natives[i] = block;
            pointers[i] = new FloatPointer[t.pieces()];
            for (int g = 0; g < t.pieces(); g++) {
                pointers[i][g] = block.at(g * (t.shape().size() / t.pieces()));
            }
        }
        push();
    }

    /** Copies the flat vector to the off-heap tensors; for the trainer, while nobody else reads. */
    void push() {
        for (int i = 0; i < natives.length; i++) {
            Native block = natives[i];
            if (block != null) {
                block.buffer.put(0, flat, plan.offset(i), block.capacity);
            }
        }
    }

    int offset(int tensor) {
        return plan.offset(tensor);
    }

    FloatPointer pointer(int tensor, int piece) {
        return pointers[tensor][piece];
    }
}
