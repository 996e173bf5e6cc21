// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/** How the elements of a tensor are stored. Quantized types store blocks with scales of their own. */
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
    OPAQUE(1);

    private final int blockElements;
    private final int blockBytes;

    ElementType(int bytes) {
        this(1, bytes);
    }

    ElementType(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
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
