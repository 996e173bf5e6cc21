// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A datatype of an HDF5 file.
 *
 * @param kind what its elements are
 * @param size bytes of an element
 * @param number how to scan it, if it is numbers
 * @param order of the bytes of a number
 * @param axes of an array type, outermost first
 */
record Hdf5Type(Kind kind, int size, @Nullable ElementType number, ByteOrder order, List<Long> axes) {
    /** What the elements of a type are. */
    enum Kind {
        NUMBER,
        STRING,
        VARIABLE_STRING,
        OPAQUE,
        OTHER
    }

    private static final int MOST_DEPTH = 16;
    private static final int MOST_MEMBERS = 4096;

    /** Reads a datatype message. */
    static Hdf5Type read(Hdf5File file, Cursor c) throws IOException {
        return read(file, c, 0);
    }

    private static Hdf5Type read(Hdf5File file, Cursor c, int depth) throws IOException {
        file.inspection().step();
        long at = c.position();
        if (depth > MOST_DEPTH) {
            throw new Refusal(FileRules.TOO_DEEP, at, "datatypes must be nested <= " + MOST_DEPTH + " deep");
        }
        int first = c.u8();
        int version = first >> 4;
        int bits = c.u8() | c.u8() << 8 | c.u8() << 16;
        long size = c.u32le();
        if (version < 1 || version > 5) {
            throw file.unsupported(at, "version of a datatype must be in [1, 5], was " + version);
        }
        if (size < 1 || size > file.inspection().limits().headerBytes()) {
            throw new Refusal(
                    Hdf5Reader.SHAPE,
                    at,
                    "size of a datatype must be in [1, "
                            + file.inspection().limits().headerBytes() + "], was " + size);
        }
        int width = (int) size;
        return switch (first & 0xf) {
            case 0 -> fixed(c, bits, width);
            case 1 -> floating(c, bits, width);
            case 2 -> {
                c.skip(2);
                yield other(width);
            }
            case 3 -> new Hdf5Type(Kind.STRING, width, null, ByteOrder.LITTLE_ENDIAN, List.of());
            case 4 -> {
                c.skip(4);
                yield other(width);
            }
            case 5 -> {
                c.skip(((bits & 0xff) + 7) / 8 * 8);
                yield new Hdf5Type(Kind.OPAQUE, width, null, ByteOrder.LITTLE_ENDIAN, List.of());
            }
            case 6 -> compound(file, c, version, bits & 0xffff, width, depth);
            case 7 -> other(width);
            case 8 -> enumeration(file, c, version, bits & 0xffff, width, depth);
            case 9 -> {
                read(file, c, depth + 1);
                int kind = bits & 0xf;
                if (kind > 1 || width != 8 + file.offsetSize()) {
                    throw file.malformed(
                            at,
                            "a variable-length type must be a sequence or a string of " + (8 + file.offsetSize())
                                    + " bytes, was " + kind + " of " + width);
                }
                yield kind == 1
                        ? new Hdf5Type(Kind.VARIABLE_STRING, width, null, ByteOrder.LITTLE_ENDIAN, List.of())
                        : other(width);
            }
            case 10 -> array(file, c, version, width, depth);
            default -> throw file.unsupported(at, "class of a datatype must be in [0, 10], was " + (first & 0xf));
        };
    }

    private static Hdf5Type other(int size) {
        return new Hdf5Type(Kind.OTHER, size, null, ByteOrder.LITTLE_ENDIAN, List.of());
    }

    private static Hdf5Type fixed(Cursor c, int bits, int size) throws IOException {
        int offset = c.u16le();
        int precision = c.u16le();
        boolean signed = (bits & 8) != 0;
        ElementType type = switch (size) {
            case 1 -> signed ? ElementType.I8 : ElementType.U8;
            case 2 -> signed ? ElementType.I16 : ElementType.U16;
            case 4 -> signed ? ElementType.I32 : ElementType.U32;
            case 8 -> signed ? ElementType.I64 : ElementType.U64;
            default -> null;
        };
        return type == null || offset != 0 || precision != size * 8
                ? other(size)
                : new Hdf5Type(Kind.NUMBER, size, type, order(bits & 1), List.of());
    }

    private static ByteOrder order(int bit) {
        return bit == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    private static Hdf5Type floating(Cursor c, int bits, int size) throws IOException {
        int offset = c.u16le();
        int precision = c.u16le();
        int exponentAt = c.u8();
        int exponent = c.u8();
        int mantissaAt = c.u8();
        int mantissa = c.u8();
        long bias = c.u32le();
        int sign = bits >> 8 & 0xff;
        ElementType type = null;
        if (offset == 0
                && precision == size * 8
                && (bits & 0x40) == 0
                && sign == precision - 1
                && mantissaAt == 0
                && exponentAt == mantissa
                && 1 + exponent + mantissa == precision
                && bias == (1L << exponent - 1) - 1) {
            type = switch (size * 100 + exponent) {
                case 811 -> ElementType.F64;
                case 408 -> ElementType.F32;
                case 205 -> ElementType.F16;
                case 208 -> ElementType.BF16;
                case 104 -> ElementType.F8_E4M3;
                case 105 -> ElementType.F8_E5M2;
                default -> null;
            };
        }
        return type == null ? other(size) : new Hdf5Type(Kind.NUMBER, size, type, order(bits & 1), List.of());
    }

    private static byte[] name(Hdf5File file, Cursor c, boolean padded) throws IOException {
        byte[] name = new byte[256];
        int length = 0;
        int b;
        while ((b = c.u8()) != 0) {
            if (length == name.length) {
                throw file.unsupported(c.position(), "name of a member must have <= 256 bytes, has more");
            }
            name[length++] = (byte) b;
        }
        if (padded) {
            c.skip(7 - length % 8);
        }
        return Arrays.copyOf(name, length);
    }

    private static Hdf5Type compound(Hdf5File file, Cursor c, int version, int members, int size, int depth)
            throws IOException {
        List<Hdf5Type> types = new ArrayList<>();
        StringBuilder names = new StringBuilder();
        boolean plain = members == 2;
        if (members < 1 || members > MOST_MEMBERS) {
            throw file.malformed(
                    c.position(), "members of a compound must be in [1, " + MOST_MEMBERS + "], were " + members);
        }
        for (int i = 0; i < members; i++) {
            byte[] name = name(file, c, version < 3);
            names.append(name.length == 1 ? (char) name[0] : '?');
            long at = c.position();
            long offset = Hdf5File.uint(c, version < 3 ? 4 : 1 + (31 - Integer.numberOfLeadingZeros(size)) / 8);
            if (version == 1) {
                int axes = c.u8();
                c.skip(27);
                plain &= axes == 0;
            }
            Hdf5Type type = read(file, c, depth + 1);
            if (offset > size - (long) type.size()) {
                throw file.malformed(at, "a member must end within its compound of " + size + " bytes");
            }
            plain &= type.axes().isEmpty() && offset == (long) i * type.size();
            types.add(type);
        }
        if (plain
                && names.toString().equals("ri")
                && types.get(0).equals(types.get(1))
                && (types.get(0).number() == ElementType.F32 || types.get(0).number() == ElementType.F64)
                && size == 2 * types.get(0).size()) {
            return new Hdf5Type(
                    Kind.NUMBER,
                    size,
                    types.get(0).number() == ElementType.F32 ? ElementType.COMPLEX64 : ElementType.COMPLEX128,
                    types.get(0).order(),
                    List.of());
        }
        return other(size);
    }

    private static Hdf5Type enumeration(Hdf5File file, Cursor c, int version, int members, int size, int depth)
            throws IOException {
        long at = c.position();
        Hdf5Type base = read(file, c, depth + 1);
        if (base.kind() != Kind.NUMBER || base.size() != size) {
            throw file.malformed(at, "an enumeration must have an integer type of its own size");
        }
        for (int i = 0; i < members; i++) {
            file.inspection().step();
            name(file, c, version < 3);
        }
        c.skip((long) members * size);
        return base;
    }

    private static Hdf5Type array(Hdf5File file, Cursor c, int version, int size, int depth) throws IOException {
        long at = c.position();
        int rank = c.u8();
        if (version < 3) {
            c.skip(3);
        }
        if (rank < 1 || rank > 32) {
            throw file.malformed(at, "axes of an array type must be in [1, 32], were " + rank);
        }
        List<Long> axes = new ArrayList<>();
        long product = 1;
        for (int i = 0; i < rank; i++) {
            long axis = c.u32le();
            axes.add(axis);
            product = axis > 0 && product > 0 && product <= Integer.MAX_VALUE / axis ? product * axis : -1;
        }
        if (version < 3) {
            c.skip(4L * rank);
        }
        Hdf5Type base = read(file, c, depth + 1);
        if (product < 0 || product * base.size() != size) {
            throw new Refusal(
                    Hdf5Reader.SHAPE, at, "size of an array type must be its axes times its elements, was " + size);
        }
        if (base.kind() != Kind.NUMBER) {
            return other(size);
        }
        axes.addAll(base.axes());
        return new Hdf5Type(Kind.NUMBER, size, base.number(), base.order(), axes);
    }
}
