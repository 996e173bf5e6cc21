// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import org.jspecify.annotations.Nullable;

/**
 * A tensor type of GGUF: how many elements a block has, in how many bytes.
 *
 * <p>Source: enum ggml_type and the block structures of ggml-common.h.
 */
record GgmlType(int blockElements, int blockBytes, ElementType element) {
    private static GgmlType plain(ElementType element) {
        return new GgmlType(1, element.blockBytes(), element);
    }

    private static GgmlType blocks(int elements, int bytes) {
        return new GgmlType(elements, bytes, ElementType.OPAQUE);
    }

    /** None for a number that is not in use, or not known here. */
    static @Nullable GgmlType of(int code) {
        return switch (code) {
            case 0 -> plain(ElementType.F32);
            case 1 -> plain(ElementType.F16);
            case 2 -> blocks(32, 18);
            case 3 -> blocks(32, 20);
            case 6 -> blocks(32, 22);
            case 7 -> blocks(32, 24);
            case 8 -> blocks(32, 34);
            case 9 -> blocks(32, 36);
            case 10 -> blocks(256, 84);
            case 11 -> blocks(256, 110);
            case 12 -> blocks(256, 144);
            case 13 -> blocks(256, 176);
            case 14 -> blocks(256, 210);
            case 15 -> blocks(256, 292);
            case 16 -> blocks(256, 66);
            case 17 -> blocks(256, 74);
            case 18 -> blocks(256, 98);
            case 19 -> blocks(256, 50);
            case 20 -> blocks(32, 18);
            case 21 -> blocks(256, 110);
            case 22 -> blocks(256, 82);
            case 23 -> blocks(256, 136);
            case 24 -> plain(ElementType.I8);
            case 25 -> plain(ElementType.I16);
            case 26 -> plain(ElementType.I32);
            case 27 -> plain(ElementType.I64);
            case 28 -> plain(ElementType.F64);
            case 29 -> blocks(256, 56);
            case 30 -> plain(ElementType.BF16);
            case 31, 32, 33 -> blocks(32, 18);
            case 34 -> blocks(256, 54);
            case 35 -> blocks(256, 66);
            case 36, 37, 38 -> blocks(32, 18);
            case 39 -> blocks(32, 17);
            case 40 -> blocks(64, 36);
            default -> null;
        };
    }
}
