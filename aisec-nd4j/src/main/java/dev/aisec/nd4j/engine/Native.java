// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Off-heap floats for gemm, seen as a buffer (for bulk copies) and as a pointer (for the call). Released by the
 * buffer's own cleaner. The position of {@link #pointer} may be moved by the one thread that owns the object.
 */
final class Native {
    private static final int ALIGNMENT = 64;

    final FloatBuffer buffer;
    final FloatPointer pointer;
    final int capacity;

    Native(int floats) {
        if (floats > (Integer.MAX_VALUE - ALIGNMENT) / Float.BYTES) {
            throw new IllegalArgumentException("floats must be below 2^29, was " + floats);
        }
        capacity = floats;
        // alignedSlice rounds the capacity down, hence the reserve.
        ByteBuffer bytes = ByteBuffer.allocateDirect((floats + ALIGNMENT / Float.BYTES) * Float.BYTES + ALIGNMENT);
        buffer = bytes.alignedSlice(ALIGNMENT).order(ByteOrder.nativeOrder()).asFloatBuffer();
        pointer = new FloatPointer(buffer);
    }

    /** A pointer of its own into this memory. */
    FloatPointer at(int index) {
        FloatPointer p = new FloatPointer(pointer);
        p.position(index);
        return p;
    }
}
