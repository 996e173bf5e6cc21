// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Walks through the fields of protocol buffer messages without copying them. Stricter than the wire format asks, so that no
 * two readers can see two contents: varints are as short as they can be, groups are refused, a field that can be set once
 * stands once (parsers would merge two or take the last), wire types are those of the field.
 *
 * <p>Source: Protocol Buffers, "Encoding", protobuf.dev.
 */
final class Protobuf {
    static final Rule MALFORMED = Rule.reject(
            "protobuf.malformed",
            "The bytes do not follow the wire format of protocol buffers, or a field has another type than its number says.",
            "CWE-20");
    static final Rule AMBIGUOUS = Rule.reject(
            "protobuf.ambiguous",
            "A field that can be set once stands twice: parsers merge, take the last or take the first.",
            "CWE-436");
    static final Rule UNKNOWN_FIELD =
            Rule.note("protobuf.unknown-field", "A field of a version that is not known here; readers skip it.", "");
    static final Rule HIDDEN_DATA = Rule.reject(
            "protobuf.hidden-data",
            "Fields that no reader knows hold more than a new version of the format would add: room for other content.",
            "CWE-436");
    static final List<Rule> RULES = List.of(MALFORMED, AMBIGUOUS, UNKNOWN_FIELD, HIDDEN_DATA);

    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    private static final int MOST_UNKNOWN = 16 << 10;
    private static final int MOST_NAME = 1 << 16;

    /** Readers keep names; each costs much more than its bytes. */
    private static final long TEXTS_OF_AN_ITEM = 4;

    /** A field as the wire has it. */
    record Field(int number, int wire, long value, long from, long length) {}

    private final Inspection inspection;
    private final Cursor in;
    private long[] ends = new long[16];
    private long[] seen = new long[16];
    private int depth;
    private int field;
    private int wire;
    private long tagAt;
    private long value;
    private long valueFrom;
    private long valueEnd;
    private long unknown;
    private long text;
    private long texts;

    Protobuf(ByteSource source, Inspection inspection) {
        this.inspection = inspection;
        this.in = new Cursor(source);
        this.ends[0] = source.length();
    }

    /**
     * The fields of the outermost message as far as they can be read, of one inner message with the path of field numbers;
     * for recognition, so it reports nothing.
     */
    static List<Field> outline(ByteSource source, int most, int... path) throws IOException {
        long from = 0;
        long end = source.length();
        List<Field> fields = List.of();
        for (int level = 0; level <= path.length; level++) {
            fields = outline(source, from, end, most);
            if (level < path.length) {
                int wanted = path[level];
                Field inner = fields.stream()
                        .filter(f -> f.number() == wanted && f.wire() == BYTES)
                        .findFirst()
                        .orElse(null);
                if (inner == null) {
                    return List.of();
                }
                from = inner.from();
                end = Math.min(end, inner.length() > end - from ? end : from + inner.length());
            }
        }
        return fields;
    }

    private static List<Field> outline(ByteSource source, long from, long end, int most) throws IOException {
        List<Field> fields = new ArrayList<>();
        byte[] head = new byte[20];
        long at = from;
        while (at < end && fields.size() < most) {
            int got = (int) Math.min(head.length, end - at);
            source.read(at, head, 0, got);
            long tag = 0;
            int i = 0;
            do {
                if (i >= got || i >= 5) {
                    return fields;
                }
                tag |= (long) (head[i] & 0x7f) << 7 * i;
            } while (head[i++] < 0);
            int wire = (int) (tag & 7);
            long number = tag >>> 3;
            if (number == 0 || number >= 1 << 29) {
                return fields;
            }
            long value = 0;
            int start = i;
            if (wire == VARINT || wire == BYTES) {
                do {
                    if (i >= got || i - start >= 10) {
                        return fields;
                    }
                    value |= (long) (head[i] & 0x7f) << 7 * (i - start);
                } while (head[i++] < 0);
            }
            long length = switch (wire) {
                case VARINT -> 0;
                case FIXED64 -> 8;
                case BYTES -> value;
                case FIXED32 -> 4;
                default -> -1;
            };
            if (length < 0) {
                return fields;
            }
            fields.add(new Field((int) number, wire, value, at + i, length));
            if (length > end - at - i) {
                return fields;
            }
            at += i + length;
        }
        return fields;
    }

    /** Moves to the next field of this message, past whatever of the last was not read; false at the end. */
    boolean next() throws IOException {
        if (field != 0) {
            in.position(valueEnd);
        }
        long end = ends[depth];
        if (in.position() >= end) {
            field = 0;
            return false;
        }
        inspection.step();
        tagAt = in.position();
        long tag = varint(end);
        if (tag < 0 || tag > 0xffffffffL) {
            throw malformed("a tag must fit 32 bits");
        }
        field = (int) (tag >>> 3);
        wire = (int) (tag & 7);
        if (field == 0) {
            throw malformed("a field number must be >= 1, was 0");
        }
        switch (wire) {
            case VARINT -> {
                valueFrom = in.position();
                value = varint(end);
                valueEnd = in.position();
            }
            case FIXED64 -> span(8, end);
            case FIXED32 -> span(4, end);
            case BYTES -> {
                long length = varint(end);
                span(length, end);
            }
            default -> throw malformed("wire type must be 0, 1, 2 or 5, was " + wire);
        }
        return true;
    }

    private void span(long length, long end) throws IOException {
        valueFrom = in.position();
        if (length < 0 || length > end - valueFrom) {
            String message = "field " + field + " must have <= " + (end - valueFrom) + " bytes, has "
                    + Long.toUnsignedString(length);
            throw inspection.refuse(end == in.source().length() ? FileRules.TRUNCATED : MALFORMED, tagAt, message);
        }
        valueEnd = valueFrom + length;
    }

    private long varint(long end) throws IOException {
        long result = 0;
        for (int i = 0; i < 10; i++) {
            if (in.position() >= end) {
                throw inspection.refuse(
                        end == in.source().length() ? FileRules.TRUNCATED : MALFORMED,
                        in.position(),
                        "a varint must end within its message");
            }
            int b = in.u8();
            result |= (long) (b & 0x7f) << 7 * i;
            if (b < 0x80) {
                if (b == 0 && i > 0 || i == 9 && b > 1) {
                    throw inspection.refuse(
                            MALFORMED, in.position() - 1, "a varint must be as short as it can be and fit 64 bits");
                }
                return result;
            }
        }
        throw inspection.refuse(MALFORMED, in.position() - 1, "a varint must have <= 10 bytes");
    }

    /** Number of the field. */
    int field() {
        return field;
    }

    /** Where the tag of the field stands. */
    long offset() {
        return tagAt;
    }

    /** Declares that this field stands once in its message. */
    Protobuf once() throws IOException {
        long bit = 1L << (field & 63);
        if ((seen[depth] & bit) != 0) {
            throw inspection.refuse(AMBIGUOUS, tagAt, "field " + field + " must stand once, stands twice");
        }
        seen[depth] |= bit;
        return this;
    }

    long number() throws IOException {
        expect(VARINT);
        return value;
    }

    /** An enumeration or another 32-bit number: negative ones have ten bytes. */
    int int32() throws IOException {
        long number = number();
        if (number != (int) number) {
            throw malformed("field " + field + " must fit 32 bits, was " + number);
        }
        return (int) number;
    }

    boolean bool() throws IOException {
        long number = number();
        if (number != 0 && number != 1) {
            throw malformed("a boolean must be 0 or 1, was " + Long.toUnsignedString(number));
        }
        return number == 1;
    }

    int fixed32() throws IOException {
        expect(FIXED32);
        in.position(valueFrom);
        return in.i32le();
    }

    long fixed64() throws IOException {
        expect(FIXED64);
        in.position(valueFrom);
        return in.i64le();
    }

    long length() throws IOException {
        expect(BYTES);
        return valueEnd - valueFrom;
    }

    ByteSource bytes() throws IOException {
        expect(BYTES);
        return in.source().window(valueFrom, valueEnd - valueFrom);
    }

    /** A name or another short text, valid UTF-8; all of them together stay below the limit of headers. */
    String text() throws IOException {
        return text(MOST_NAME);
    }

    String text(int most) throws IOException {
        long length = length();
        if (length > most) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE, tagAt, "a name must have <= " + most + " bytes, has " + length);
        }
        if (++texts > TEXTS_OF_AN_ITEM * inspection.limits().items()) {
            throw inspection.refuse(
                    FileRules.TOO_MANY,
                    tagAt,
                    "number of names must be <= "
                            + TEXTS_OF_AN_ITEM * inspection.limits().items() + ", is higher");
        }
        text += length;
        if (text > inspection.limits().headerBytes()) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE,
                    tagAt,
                    "names must have <= " + inspection.limits().headerBytes() + " bytes in all, have more");
        }
        byte[] bytes = in.source().read(valueFrom, (int) length);
        return Utf8.decode(bytes).orElseThrow(() -> malformed("a name must be valid UTF-8"));
    }

    /** Text for people, of which only the beginning is kept. */
    String beginning(int most) throws IOException {
        int length = (int) Math.min(most, length());
        return new String(in.source().read(valueFrom, length), StandardCharsets.UTF_8);
    }

    /** Goes into the message that this field is. */
    void enter() throws IOException {
        expect(BYTES);
        if (depth + 1 > inspection.limits().depth()) {
            throw inspection.refuse(
                    FileRules.TOO_DEEP,
                    tagAt,
                    "messages must be nested <= " + inspection.limits().depth() + " deep, are deeper");
        }
        if (++depth == ends.length) {
            ends = Arrays.copyOf(ends, depth * 2);
            seen = Arrays.copyOf(seen, depth * 2);
        }
        ends[depth] = valueEnd;
        seen[depth] = 0;
        in.position(valueFrom);
        field = 0;
    }

    /** Back to the message around, behind this one. */
    void leave() {
        in.position(ends[depth]);
        depth--;
        field = 0;
    }

    /** Where this message begins if called right behind {@link #enter}. */
    long position() {
        return in.position();
    }

    /** Reads this message once more. */
    void again(long from) {
        in.position(from);
        seen[depth] = 0;
        field = 0;
    }

    /** What takes the numbers of a repeated field. */
    interface Numbers {
        void take(long number) throws IOException;
    }

    /** A repeated varint, packed or not. */
    void varints(Numbers to) throws IOException {
        if (wire == VARINT) {
            to.take(value);
            return;
        }
        expect(BYTES);
        in.position(valueFrom);
        int n = 0;
        while (in.position() < valueEnd) {
            if ((++n & 15) == 0) {
                inspection.step();
            }
            to.take(varint(valueEnd));
        }
    }

    /** A repeated 32-bit number, packed or not; as an unsigned number. */
    void fixed32s(Numbers to) throws IOException {
        if (wire == FIXED32) {
            to.take(fixed32() & 0xffffffffL);
            return;
        }
        whole(4);
        in.position(valueFrom);
        while (in.position() < valueEnd) {
            to.take(in.u32le());
        }
    }

    void fixed64s(Numbers to) throws IOException {
        if (wire == FIXED64) {
            to.take(fixed64());
            return;
        }
        whole(8);
        in.position(valueFrom);
        while (in.position() < valueEnd) {
            to.take(in.i64le());
        }
    }

    boolean packed() {
        return wire == BYTES;
    }

    /** How many fixed numbers of this width the field has, packed or not. */
    long fixedCount(int width) throws IOException {
        if (wire == (width == 4 ? FIXED32 : FIXED64)) {
            return 1;
        }
        whole(width);
        return (valueEnd - valueFrom) / width;
    }

    private void whole(int width) throws IOException {
        expect(BYTES);
        if ((valueEnd - valueFrom) % width != 0) {
            throw malformed("packed numbers of " + width + " bytes must have a multiple of it, have "
                    + (valueEnd - valueFrom) + " bytes");
        }
    }

    /** A field that is not known here. */
    void unknown() throws IOException {
        if (unknown == 0) {
            inspection.report(UNKNOWN_FIELD, tagAt, "field " + field + " is not known");
        }
        unknown += valueEnd - tagAt;
        if (unknown > MOST_UNKNOWN) {
            throw inspection.refuse(
                    HIDDEN_DATA,
                    tagAt,
                    "unknown fields must have <= " + MOST_UNKNOWN + " bytes in all, have " + unknown);
        }
    }

    /** A known field without interest: its wire type is checked. */
    void skip(int expected) throws IOException {
        expect(expected);
    }

    private void expect(int expected) throws IOException {
        if (wire != expected) {
            throw malformed("field " + field + " must be of wire type " + expected + ", was " + wire);
        }
    }

    IOException malformed(String message) {
        return inspection.refuse(MALFORMED, tagAt, message);
    }
}
