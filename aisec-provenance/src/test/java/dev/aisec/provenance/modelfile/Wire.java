// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes protocol buffer messages, and other little-endian things, for tests. */
final class Wire {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static Wire of() {
        return new Wire();
    }

    Wire raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    Wire raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Wire varint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return this;
    }

    Wire v(int field, long value) {
        return varint((long) field << 3).varint(value);
    }

    Wire b(int field, byte[] value) {
        return varint((long) field << 3 | 2).varint(value.length).raw(value);
    }

    Wire b(int field, String value) {
        return b(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Wire b(int field, Wire value) {
        return b(field, value.bytes());
    }

    Wire f(int field, float value) {
        return varint((long) field << 3 | 5).i32(Float.floatToRawIntBits(value));
    }

    Wire packed(int field, long... values) {
        Wire inner = of();
        for (long value : values) {
            inner.varint(value);
        }
        return b(field, inner);
    }

    Wire singles(int field, float... values) {
        return b(field, floats(values));
    }

    static byte[] floats(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return buffer.array();
    }

    Wire i32(int value) {
        return raw(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    Wire i64(long value) {
        return raw(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    int size() {
        return out.size();
    }

    byte[] bytes() {
        return out.toByteArray();
    }
}
