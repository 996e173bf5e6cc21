// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An array as ND4J writes it: two buffers, shape information and data, each with allocation mode, length and type
 * ({@code BaseDataBuffer.write}); big-endian. Releases before 1.0.0-beta have lengths of 32 bits. Native code follows the
 * shape information without a check, so every value of it must fit the data.
 */
final class Nd4jArray {
    static final Rule RULE = Rule.reject(
            "dl4j.array",
            "An array contradicts itself; native code would read or write outside its memory.",
            "CWE-787");

    private static final Set<String> SHORT_LENGTH = Set.of("HEAP", "JAVACPP", "DIRECT");
    private static final Set<String> LONG_LENGTH = Set.of("LONG_SHAPE", "MIXED_DATA_TYPES");
    private static final int MOST_RANK = 32;

    /** Type names, and the bits in the shape information that say the same. */
    private static final Map<String, ElementType> TYPES = Map.of(
            "DOUBLE", ElementType.F64,
            "FLOAT", ElementType.F32,
            "HALF", ElementType.F16,
            "BFLOAT16", ElementType.BF16);

    private static final Map<ElementType, Long> TYPE_BITS = Map.of(
            ElementType.F64, 0x4000L,
            ElementType.F32, 0x2000L,
            ElementType.F16, 0x1000L,
            ElementType.BF16, 0x800L);

    /** Set where the buffer has spare room behind the elements; says nothing of the elements. */
    private static final long PADDED = 0x2000000L;

    private Nd4jArray() {}

    /** Reads an array of floating point numbers, has it scanned, and stops behind it; returns how many there are. */
    static long read(Cursor in, String name, Inspection inspection) throws IOException {
        long begin = in.position();
        long length = length(in);
        String shapeType = text(in);
        boolean wide = shapeType.equals("LONG");
        if (!wide && !shapeType.equals("INT")) {
            throw new Refusal(RULE, begin, "type of the shape must be LONG or INT, was " + Text.quote(shapeType));
        }
        if (length < 4 || length > 2 * MOST_RANK + 4 || length % 2 != 0) {
            throw new Refusal(RULE, begin, "length of the shape must be even and in [4, 68], was " + length);
        }
        long[] info = new long[(int) length];
        for (int i = 0; i < info.length; i++) {
            info[i] = wide ? in.i64be() : in.i32be();
        }
        int rank = (int) (length - 4) / 2;
        if (info[0] != rank) {
            throw new Refusal(RULE, begin, "rank must be " + rank + " by the length of the shape, was " + info[0]);
        }
        List<Long> shape = shape(info, begin);
        long values = 1;
        for (long size : shape) {
            values *= size;
        }
        long header = in.position();
        long count = length(in);
        String typeName = text(in);
        ElementType type = TYPES.get(typeName);
        if (type == null) {
            throw new Refusal(
                    RULE,
                    header,
                    "type of parameters must be FLOAT, DOUBLE, HALF or BFLOAT16, was " + Text.quote(typeName));
        }
        extras(info, rank, wide, type, begin);
        if (count != values) {
            throw new Refusal(RULE, header, "number of values must be " + values + " by the shape, was " + count);
        }
        if (count > in.remaining() / type.blockBytes()) {
            throw new Refusal(
                    FileRules.TRUNCATED,
                    in.position(),
                    count + " values of " + type.blockBytes() + " bytes must follow, " + in.remaining()
                            + " bytes are there");
        }
        Tensor tensor = new Tensor(name, type, ByteOrder.BIG_ENDIAN, shape, Tensor.Role.PARAMETER);
        inspection.tensor(tensor);
        inspection.data(tensor, in.take(count * type.blockBytes()));
        return count;
    }

    /** The sizes in shape information whose values and strides fit; their product is a possible length. */
    static List<Long> shape(long[] info, long at) throws Refusal {
        int rank = (info.length - 4) / 2;
        List<Long> shape = new ArrayList<>();
        long values = 1;
        for (int d = 0; d < rank; d++) {
            long size = info[1 + d];
            if (size < 1 || values > Long.MAX_VALUE / 16 / size) {
                throw new Refusal(RULE, at, "sizes must be >= 1 and their product a possible length, one was " + size);
            }
            values *= size;
            shape.add(size);
        }
        strides(info, rank, at);
        return shape;
    }

    /** The elements must follow one another in the order that the shape information names. */
    private static void strides(long[] info, int rank, long at) throws Refusal {
        long order = info[2 * rank + 3];
        if (order != 'c' && order != 'f') {
            throw new Refusal(RULE, at, "order must be c or f, was " + order);
        }
        long c = 1;
        boolean isC = true;
        for (int d = rank - 1; d >= 0; d--) {
            isC &= info[1 + d] == 1 || info[1 + rank + d] == c;
            c *= info[1 + d];
        }
        long f = 1;
        boolean isF = true;
        for (int d = 0; d < rank; d++) {
            isF &= info[1 + d] == 1 || info[1 + rank + d] == f;
            f *= info[1 + d];
        }
        if (!isC && !isF) {
            throw new Refusal(RULE, at, "strides must reach the values one after the other, they do not");
        }
        for (int d = 0; d < rank; d++) {
            if (info[1 + rank + d] < 0 || info[1 + rank + d] > Math.max(c, 1)) {
                throw new Refusal(RULE, at, "a stride must be in [0, " + c + "], was " + info[1 + rank + d]);
            }
        }
        long elementStride = info[2 * rank + 2];
        if (elementStride < -1 || elementStride > 1) {
            throw new Refusal(RULE, at, "the stride of elements must be 1, or 0 for none, was " + elementStride);
        }
    }

    /** The offset in old releases, flags with the type in new ones. */
    private static void extras(long[] info, int rank, boolean wide, ElementType type, long at) throws Refusal {
        long extras = info[2 * rank + 1];
        long bits = wide ? TYPE_BITS.getOrDefault(type, 0L) | PADDED : 0;
        if ((extras & ~bits) != 0) {
            throw new Refusal(
                    RULE,
                    at,
                    "flags of the shape must say the type " + type + " and no more, were 0x"
                            + Long.toHexString(extras));
        }
    }

    private static long length(Cursor in) throws IOException {
        long at = in.position();
        String mode = text(in);
        long length;
        if (LONG_LENGTH.contains(mode)) {
            length = in.i64be();
        } else if (SHORT_LENGTH.contains(mode)) {
            length = in.i32be();
        } else {
            throw new Refusal(RULE, at, "allocation mode must be known, was " + Text.quote(mode));
        }
        if (length < 1) {
            throw new Refusal(RULE, at, "length must be >= 1, was " + length);
        }
        return length;
    }

    /** DataOutput.writeUTF of an ASCII name. */
    static String text(Cursor in) throws IOException {
        long at = in.position();
        int length = in.u16be();
        if (length > 64) {
            throw new Refusal(RULE, at, "a name must have <= 64 bytes, has " + length);
        }
        return new String(in.bytes(length), StandardCharsets.ISO_8859_1);
    }
}
