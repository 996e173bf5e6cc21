// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.Arrays;

/** Has elements scanned that do not stand in the file as a scan needs them, a buffer at a time. */
final class Elements {
    private final Inspection inspection;
    private final Tensor tensor;
    private final int width;
    private final byte[] buffer = new byte[64 << 10];
    private int filled;

    Elements(Inspection inspection, Tensor tensor) {
        this.inspection = inspection;
        this.tensor = tensor;
        this.width = tensor.type().blockBytes();
    }

    /** Adds an element, given by its bits, lowest byte first. */
    void add(long bits) throws IOException {
        addBytes(bits, width);
    }

    /** Adds a half of a complex number. */
    void addHalf(long bits) throws IOException {
        addBytes(bits, width / 2);
    }

    private void addBytes(long bits, int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            buffer[filled++] = (byte) (bits >>> 8 * i);
        }
        if (filled == buffer.length) {
            flush();
        }
    }

    void flush() throws IOException {
        if (filled > 0) {
            inspection.data(tensor, ByteSource.of(Arrays.copyOf(buffer, filled)));
            filled = 0;
        }
    }
}
