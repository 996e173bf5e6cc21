// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import org.jspecify.annotations.Nullable;

/**
 * A tensor type of GGUF: how many elements a block has, in how many bytes.
 *
 * <p>Source: enum ggml_type and the block structures of ggml-common.h.
 */
record GgmlType(int blockElements, int blockBytes, ElementType element) {
    private static GgmlType of(ElementType element) {
        return new GgmlType(element.blockElements(), element.blockBytes(), element);
    }

    private static GgmlType packed(int elements, int bytes) {
        return new GgmlType(elements, bytes, ElementType.OPAQUE);
    }

    /** None for a number that is not in use, or not known here. */
    static @Nullable GgmlType of(int code) {
        return switch (code) {
            case 0 -> of(ElementType.F32);
            case 1 -> of(ElementType.F16);
            case 2 -> of(ElementType.Q4_0);
            case 3 -> of(ElementType.Q4_1);
            case 6 -> of(ElementType.Q5_0);
            case 7 -> of(ElementType.Q5_1);
            case 8 -> of(ElementType.Q8_0);
            case 9 -> of(ElementType.Q8_1);
            case 10 -> of(ElementType.Q2_K);
            case 11 -> of(ElementType.Q3_K);
            case 12 -> of(ElementType.Q4_K);
            case 13 -> of(ElementType.Q5_K);
            case 14 -> of(ElementType.Q6_K);
            case 15 -> of(ElementType.Q8_K);
            case 16 -> of(ElementType.IQ2_XXS);
            case 17 -> of(ElementType.IQ2_XS);
            case 18 -> of(ElementType.IQ3_XXS);
            case 19 -> of(ElementType.IQ1_S);
            case 20 -> of(ElementType.IQ4_NL);
            case 21 -> of(ElementType.IQ3_S);
            case 22 -> of(ElementType.IQ2_S);
            case 23 -> of(ElementType.IQ4_XS);
            case 24 -> of(ElementType.I8);
            case 25 -> of(ElementType.I16);
            case 26 -> of(ElementType.I32);
            case 27 -> of(ElementType.I64);
            case 28 -> of(ElementType.F64);
            case 29 -> of(ElementType.IQ1_M);
            case 30 -> of(ElementType.BF16);
            case 31, 32, 33 -> packed(32, 18);
            case 34 -> of(ElementType.TQ1_0);
            case 35 -> of(ElementType.TQ2_0);
            case 36, 37, 38 -> packed(32, 18);
            case 39 -> of(ElementType.MXFP4);
            case 40 -> packed(64, 36);
            default -> null;
        };
    }
}
