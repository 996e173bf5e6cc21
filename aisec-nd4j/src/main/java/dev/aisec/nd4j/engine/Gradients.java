// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.bytedeco.javacpp.FloatPointer;

/** Sums of parameter gradients, off the heap, so that gemm can add to them. Belongs to one thread. */
final class Gradients {
    private final int[] offsets;
    private final Native[] natives;
    private final FloatPointer[][] pointers;
    private final float[] zeros = new float[1024];
    private final float[] staging = new float[1024];

    Gradients(Plan plan) {
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
    }

    void clear() {
        for (Native n : natives) {
            for (int i = 0; i < n.capacity; i += zeros.length) {
                n.buffer.put(i, zeros, 0, Math.min(zeros.length, n.capacity - i));
            }
        }
    }

    FloatPointer pointer(int tensor, int piece) {
        return pointers[tensor][piece];
    }

    void add(int tensor, int index, float value) {
        Native n = natives[tensor];
        n.buffer.put(index, n.buffer.get(index) + value);
    }

    /** Adds everything to the flat vector, in blocks. */
    void addTo(float[] flat) {
        for (int t = 0; t < natives.length; t++) {
            Native n = natives[t];
            for (int i = 0; i < n.capacity; i += staging.length) {
                int length = Math.min(staging.length, n.capacity - i);
                n.buffer.get(i, staging, 0, length);
                int base = offsets[t] + i;
                for (int j = 0; j < length; j++) {
                    flat[base + j] += staging[j];
                }
            }
        }
    }
}
