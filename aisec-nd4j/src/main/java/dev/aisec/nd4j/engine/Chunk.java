// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The values of some rows on their way through a network, by slot. */
final class Chunk {
    /** Number of the first row within the batch. */
    int first;
    /** Columns: valid rows first, then padding. */
    int width;
    /** Rows that are real. */
    int valid;

    final float[] @Nullable [] values;
    final float[] @Nullable [] cotangents;

    Chunk(int slots) {
        values = new float[slots][];
        cotangents = new float[slots][];
    }

    float[] value(int slot) {
        float[] v = values[slot];
        if (v == null) {
            throw new IllegalStateException("value " + slot + " is not there");
        }
        return v;
    }

    void release(Frame f) {
        for (int i = 0; i < values.length; i++) {
            give(f, values, i);
            give(f, cotangents, i);
        }
    }

    /** Forgets what may be in use elsewhere after an exception. */
    void clear() {
        Arrays.fill(values, null);
        Arrays.fill(cotangents, null);
    }

    private static void give(Frame f, float[] @Nullable [] arrays, int i) {
        float[] a = arrays[i];
        if (a != null) {
            f.arena.give(a);
            arrays[i] = null;
        }
    }
}
