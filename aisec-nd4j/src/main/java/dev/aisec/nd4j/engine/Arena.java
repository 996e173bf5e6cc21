// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.util.Arrays;

/** Reuses {@code float[]}s within one thread. The smallest free one that is large enough is taken. */
final class Arena {
    private float[][] free = new float[8][];
    private int count;

    float[] take(int length) {
        int best = -1;
        for (int i = 0; i < count; i++) {
            int l = free[i].length;
            if (l >= length && (best < 0 || l < free[best].length)) {
                best = i;
            }
        }
        // A much larger one is left for whom it fits, as it would be missed there.
        if (best < 0 || free[best].length > 8L * length + 1024) {
            return new float[length];
        }
        float[] found = free[best];
        free[best] = free[--count];
        return found;
    }

    void give(float[] array) {
        if (count == free.length) {
            free = Arrays.copyOf(free, 2 * count);
        }
        free[count++] = array;
    }
}
