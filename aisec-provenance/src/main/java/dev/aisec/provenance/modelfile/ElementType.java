// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/**
 * How the elements of a tensor are stored. Quantized types store blocks with scales of their own; layouts after ggml-common.h
 * of GGML and the OCP Microscaling Formats specification 1.0.
 */
public enum ElementType {
    /** IEEE 754 binary64. */
    F64(8),
    /** IEEE 754 binary32. */
    F32(4),
    /** IEEE 754 binary16. */
    F16(2),
    /** The upper half of a binary32. */
    BF16(2),
    /** Eight bits, 4 of exponent, 3 of mantissa, no infinity (OCP 8-bit floating point). */
    F8_E4M3(1),
    /** Eight bits, 5 of exponent, 2 of mantissa (OCP 8-bit floating point). */
    F8_E5M2(1),
    /** Like {@link #F8_E4M3} without negative zero, whose code is the only NaN. */
    F8_E4M3FNUZ(1),
    /** Like {@link #F8_E5M2} without negative zero and infinity. */
    F8_E5M2FNUZ(1),
    /** Two binary32: real and imaginary part. */
    COMPLEX64(8),
    /** Two binary64: real and imaginary part. */
    COMPLEX128(16),
    /** Signed, 8 bits. */
    I8(1),
    /** Signed, 16 bits. */
    I16(2),
    /** Signed, 32 bits. */
    I32(4),
    /** Signed, 64 bits. */
    I64(8),
    /** Unsigned, 8 bits. */
    U8(1),
    /** Unsigned, 16 bits. */
    U16(2),
    /** Unsigned, 32 bits. */
    U32(4),
    /** Unsigned, 64 bits. */
    U64(8),
    /** One byte, 0 or 1. */
    BOOL(1),
    /** Bytes that are no numbers: text, packed sub-byte integers. */
    OPAQUE(1),
    /** GGML: 32 elements of 4 bits, scale. */
    Q4_0(32, 18, Scale.F16, 0),
    /** GGML: 32 elements of 4 bits, scale and minimum. */
    Q4_1(32, 20, Scale.F16, 0, 2),
    /** GGML: 32 elements of 5 bits, scale. */
    Q5_0(32, 22, Scale.F16, 0),
    /** GGML: 32 elements of 5 bits, scale and minimum. */
    Q5_1(32, 24, Scale.F16, 0, 2),
    /** GGML: 32 elements of 8 bits, scale. */
    Q8_0(32, 34, Scale.F16, 0),
    /** GGML: 32 elements of 8 bits, scale and scaled sum. */
    Q8_1(32, 36, Scale.F16, 0, 2),
    /** GGML: 256 elements of 2 bits, scale of scales and of minima. */
    Q2_K(256, 84, Scale.F16, 80, 82),
    /** GGML: 256 elements of 3 bits, scale of scales. */
    Q3_K(256, 110, Scale.F16, 108),
    /** GGML: 256 elements of 4 bits, scale of scales and of minima. */
    Q4_K(256, 144, Scale.F16, 0, 2),
    /** GGML: 256 elements of 5 bits, scale of scales and of minima. */
    Q5_K(256, 176, Scale.F16, 0, 2),
    /** GGML: 256 elements of 6 bits, scale of scales. */
    Q6_K(256, 210, Scale.F16, 208),
    /** GGML: 256 elements of 8 bits, scale of 32 bits. */
    Q8_K(256, 292, Scale.F32, 0),
    /** GGML: 256 elements of about 2.06 bits, scale. */
    IQ2_XXS(256, 66, Scale.F16, 0),
    /** GGML: 256 elements of about 2.31 bits, scale. */
    IQ2_XS(256, 74, Scale.F16, 0),
    /** GGML: 256 elements of about 2.56 bits, scale. */
    IQ2_S(256, 82, Scale.F16, 0),
    /** GGML: 256 elements of about 3.06 bits, scale. */
    IQ3_XXS(256, 98, Scale.F16, 0),
    /** GGML: 256 elements of about 3.44 bits, scale. */
    IQ3_S(256, 110, Scale.F16, 0),
    /** GGML: 256 elements of about 1.56 bits, scale. */
    IQ1_S(256, 50, Scale.F16, 0),
    /** GGML: 256 elements of about 1.75 bits, scale spread over the high nibbles of four words. */
    IQ1_M(256, 56, Scale.F16_NIBBLES, 48),
    /** GGML: 32 elements of 4 bits, not linear, scale. */
    IQ4_NL(32, 18, Scale.F16, 0),
    /** GGML: 256 elements of 4.25 bits, not linear, scale. */
    IQ4_XS(256, 136, Scale.F16, 0),
    /** GGML: 256 ternary elements, five in a byte, scale. */
    TQ1_0(256, 54, Scale.F16, 52),
    /** GGML: 256 ternary elements of 2 bits, scale. */
    TQ2_0(256, 66, Scale.F16, 64),
    /** OCP microscaling: 32 elements of 4 bits, scale a power of two. */
    MXFP4(32, 17, Scale.E8M0, 0);

    /** How the scale of a block is stored. */
    enum Scale {
        /** Elements are numbers of their own. */
        NONE,
        F16,
        F32,
        /** Eight bits of exponent; 255 is NaN. */
        E8M0,
        /** A binary16 in four pieces: the high nibbles of four 16-bit words, the lowest first. */
        F16_NIBBLES
    }

    private final int blockElements;
    private final int blockBytes;
    private final Scale scale;
    private final int[] scaleOffsets;

    ElementType(int bytes) {
        this(1, bytes, Scale.NONE);
    }

    ElementType(int blockElements, int blockBytes, Scale scale, int... scaleOffsets) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.scale = scale;
        this.scaleOffsets = scaleOffsets;
    }

    /** How the scales of a block are stored. */
    Scale scale() {
        return scale;
    }

    /** How many scales a block has. */
    int scales() {
        return scaleOffsets.length;
    }

    /** Where in a block a scale begins. */
    int scaleOffset(int index) {
        return scaleOffsets[index];
    }

    /** Whether elements, or the scales of blocks, are floating point numbers. */
    boolean floating() {
        return scale != Scale.NONE || ordinal() <= COMPLEX128.ordinal();
    }

    /**
     * How many elements a block holds.
     *
     * @return 1 but for quantized types
     */
    public int blockElements() {
        return blockElements;
    }

    /**
     * How many bytes a block takes.
     *
     * @return the bytes of an element but for quantized types
     */
    public int blockBytes() {
        return blockBytes;
    }
}
