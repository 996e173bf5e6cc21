// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteOrder;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A type of array elements in NumPy.
 *
 * @param element how numbers are stored; {@link ElementType#OPAQUE} for text, records and long doubles
 * @param order of their bytes
 * @param bytes of one element
 * @param objects whether elements are, or hold, pointers to Python objects
 */
record NumpyType(ElementType element, ByteOrder order, long bytes, boolean objects) {
    private static final Pattern CODE =
            Pattern.compile("([<>|=]?)([?biufcmMOSUVa])([0-9]{0,9})(\\[[0-9]{0,9}[A-Za-z]{1,7}(?:/[0-9]{1,9})?\\])?");

    /** Reads a code such as {@code <f4}; empty if it is none. */
    static Optional<NumpyType> of(String code) {
        Matcher matcher = CODE.matcher(code);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        char kind = matcher.group(2).charAt(0);
        ByteOrder order = matcher.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        boolean sized = !matcher.group(3).isEmpty();
        long size = sized ? Long.parseLong(matcher.group(3)) : 0;
        if (matcher.group(4) != null && kind != 'm' && kind != 'M') {
            return Optional.empty();
        }
        if (kind == '?') {
            return sized ? Optional.empty() : Optional.of(new NumpyType(ElementType.BOOL, order, 1, false));
        }
        if (kind == 'O') {
            return sized && size != 8 && size != 4
                    ? Optional.empty()
                    : Optional.of(new NumpyType(ElementType.OPAQUE, order, 8, true));
        }
        if (kind == 'S' || kind == 'a' || kind == 'V') {
            return Optional.of(new NumpyType(ElementType.OPAQUE, order, size, false));
        }
        if (kind == 'U') {
            return Optional.of(new NumpyType(ElementType.OPAQUE, order, 4 * size, false));
        }
        if (!sized) {
            return Optional.empty();
        }
        ElementType element = switch (kind + Long.toString(size)) {
            case "b1" -> ElementType.BOOL;
            case "i1" -> ElementType.I8;
            case "i2" -> ElementType.I16;
            case "i4" -> ElementType.I32;
            case "i8", "m8", "M8" -> ElementType.I64;
            case "u1" -> ElementType.U8;
            case "u2" -> ElementType.U16;
            case "u4" -> ElementType.U32;
            case "u8" -> ElementType.U64;
            case "f2" -> ElementType.F16;
            case "f4" -> ElementType.F32;
            case "f8" -> ElementType.F64;
            case "c8" -> ElementType.COMPLEX64;
            case "c16" -> ElementType.COMPLEX128;
            case "f12", "f16", "c24", "c32" -> ElementType.OPAQUE;
            default -> null;
        };
        return element == null ? Optional.empty() : Optional.of(new NumpyType(element, order, size, false));
    }

    NumpyType withOrder(ByteOrder other) {
        return new NumpyType(element, other, bytes, objects);
    }
}
