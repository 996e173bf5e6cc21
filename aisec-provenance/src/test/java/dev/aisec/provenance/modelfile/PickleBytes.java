// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A small assembler of pickles for tests. */
final class PickleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static PickleBytes protocol(int version) {
        return new PickleBytes().op(0x80, version);
    }

    PickleBytes op(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    /** Opcodes that are letters. */
    PickleBytes ops(String letters) {
        out.writeBytes(letters.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    PickleBytes bytes(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    PickleBytes global(String module, String name) {
        return ops("c" + module + "\n" + name + "\n");
    }

    PickleBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return ops("X").i32(utf8.length).bytes(utf8);
    }

    PickleBytes binary(byte[] bytes) {
        return ops("B").i32(bytes.length).bytes(bytes);
    }

    PickleBytes stackGlobal(String module, String name) {
        return text(module).text(name).op(0x93);
    }

    PickleBytes integer(int value) {
        return ops("J").i32(value);
    }

    PickleBytes i32(int value) {
        return bytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    PickleBytes i64(long value) {
        return bytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    /** A tuple of up to three values on the stack. */
    PickleBytes tuple(int count) {
        return op(count == 0 ? ')' : 0x84 + count);
    }

    PickleBytes reduce() {
        return ops("R");
    }

    /** The persistent id of a storage of PyTorch. */
    PickleBytes storage(String type, String key, int elements) {
        return ops("(").text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .integer(elements)
                .ops("tQ");
    }

    /** A contiguous tensor of one or two axes. */
    PickleBytes tensor(String type, String key, int elements, int offset, int rows, int columns) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .ops("(")
                .storage(type, key, elements)
                .integer(offset)
                .integer(rows)
                .integer(columns)
                .tuple(2)
                .integer(columns)
                .integer(1)
                .tuple(2)
                .op(0x89)
                .global("collections", "OrderedDict")
                .ops(")R")
                .ops("tR");
    }

    byte[] stop() {
        out.write('.');
        return out.toByteArray();
    }

    byte[] done() {
        return out.toByteArray();
    }
}
