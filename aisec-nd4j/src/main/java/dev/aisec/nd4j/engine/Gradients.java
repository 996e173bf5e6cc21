// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;

/** Sums of parameter gradients, off the heap, so that gemm can add to them. Belongs to one thread at a time. */
final class Gradients {
    private final Plan plan;
    private final Native[] natives;
    private final FloatPointer[][] pointers;
    /** Whether anything was written since {@link #clear()}, by tensor and piece. */
    private final boolean[][] written;

    private final float[] staging = new float[4096];

    Gradients(Plan plan) {
        this.plan = plan;
        int count = plan.tensors.size();
        natives = new Native[count];
        pointers = new FloatPointer[count][];
        written = new boolean[count][];
        for (int i = 0; i < count; i++) {
            TensorSpec t = plan.tensors.get(i);
            written[i] = new boolean[t.pieces()];
            natives[i] = new Native(
                    plan.frozenTensor[i] || t.kind() == TensorSpec.Kind.STATISTIC
                            ? 0
                            : t.shape().size());
            pointers[i] = new FloatPointer[t.pieces()];
            for (int g = 0; g < t.pieces(); g++) {
                pointers[i][g] = natives[i].at(g * (natives[i].capacity / t.pieces()));
            }
        }
    }

    void clear() {
        for (boolean[] w : written) {
            Arrays.fill(w, false);
        }
    }

    /** What gemm multiplies the old sum with: 0 the first time. The caller then writes. */
    float beta(int tensor, int piece) {
        boolean before = written[tensor][piece];
        written[tensor][piece] = true;
        return before ? 1f : 0f;
    }

    FloatPointer pointer(int tensor, int piece) {
        return pointers[tensor][piece];
    }

    /** Adds values to a tensor of one piece. */
    void add(int tensor, float[] values) {
        Native n = natives[tensor];
        boolean before = beta(tensor, 0) != 0;
        for (int i = 0; i < n.capacity; i += staging.length) {
            int length = Math.min(staging.length, n.capacity - i);
            if (before) {
                n.buffer.get(i, staging, 0, length);
                for (int j = 0; j < length; j++) {
                    staging[j] += values[i + j];
                }
                n.buffer.put(i, staging, 0, length);
            } else {
                n.buffer.put(i, values, i, length);
            }
        }
    }

    /** Adds everything to the flat vector, in blocks. */
    void addTo(float[] flat) {
        for (int t = 0; t < natives.length; t++) {
            Native n = natives[t];
            int pieces = written[t].length;
            int size = n.capacity / pieces;
            for (int p = 0; p < pieces; p++) {
                if (written[t][p]) {
                    add(n, p * size, size, flat, plan.offset(t) + p * size);
                }
            }
        }
    }

    private void add(Native n, int from, int count, float[] flat, int to) {
        for (int i = 0; i < count; i += staging.length) {
            int length = Math.min(staging.length, count - i);
            n.buffer.get(from + i, staging, 0, length);
            for (int j = 0; j < length; j++) {
                flat[to + i + j] += staging[j];
            }
        }
    }
}
