// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A bounded reader of FlatBuffers: every table, vector and string must lie within the source, offsets lead forward as
 * writers make them, so no loop is possible. Parts may be shared; callers bound what sharing can multiply.
 *
 * <p>Source: FlatBuffers, "Internals".
 */
final class FlatBuffer {
    static final Rule RULE = Rule.reject(
            "flatbuffers.structure",
            "An offset, length or table of the file leads outside the file or back.",
            "CWE-125");

    private final ByteSource source;
    private final Inspection inspection;

    FlatBuffer(ByteSource source, Inspection inspection) {
        this.source = source;
        this.inspection = inspection;
    }

    Table root() throws IOException {
        return new Table(indirect(0));
    }

    private long u32(long at) throws IOException {
        byte[] b = bytes(at, 4);
        return (b[0] & 0xff) | (b[1] & 0xff) << 8 | (b[2] & 0xff) << 16 | (b[3] & 0xffL) << 24;
    }

    private int u16(long at) throws IOException {
        byte[] b = bytes(at, 2);
        return (b[0] & 0xff) | (b[1] & 0xff) << 8;
    }

    private long i64(long at) throws IOException {
        return u32(at) | u32(at + 4) << 32;
    }

    private byte[] bytes(long at, int count) throws IOException {
        inspection.step();
        return source.read(at, count);
    }

    /** Follows an offset, forward. */
    private long indirect(long at) throws IOException {
        long offset = u32(at);
        long target = at + offset;
        if (offset < 4 || target > source.length() - 4) {
            throw new Refusal(
                    RULE, at, "an offset must lead forward within the file, leads from " + at + " to " + target);
        }
        return target;
    }

    /** A vector: where its elements begin, and how many there are; all of them within the file. */
    record Vector(long begin, long count) {}

    /** A table; fields are numbered from 0. */
    final class Table {
        private final long at;
        private final long fields;
        private final int fieldCount;
        private final int size;

        private Table(long at) throws IOException {
            this.at = at;
            long vtable = at - (int) u32(at);
            if (vtable < 0 || vtable > source.length() - 4) {
                throw new Refusal(RULE, at, "the fields of a table must be told within the file, at " + vtable);
            }
            int bytes = u16(vtable);
            this.size = u16(vtable + 2);
            if (bytes < 4
                    || bytes % 2 != 0
                    || bytes > source.length() - vtable
                    || size < 4
                    || size > source.length() - at) {
                throw new Refusal(
                        RULE,
                        vtable,
                        "a table and its list of fields must lie within the file, have " + size + " and " + bytes
                                + " bytes");
            }
            this.fields = vtable + 4;
            this.fieldCount = (bytes - 4) / 2;
        }

        long at() {
            return at;
        }

        /** Where a field of this width is; below 0 if it is absent. */
        private long field(int number, int width) throws IOException {
            int offset = number < fieldCount ? u16(fields + 2L * number) : 0;
            if (offset == 0) {
                return -1;
            }
            if (offset < 4 || offset > size - width) {
                throw new Refusal(RULE, at, "field " + number + " must lie within its table, is at " + offset);
            }
            return at + offset;
        }

        boolean has(int number) throws IOException {
            return field(number, 1) >= 0;
        }

        int i8(int number) throws IOException {
            long field = field(number, 1);
            return field < 0 ? 0 : bytes(field, 1)[0];
        }

        int i32(int number) throws IOException {
            long field = field(number, 4);
            return field < 0 ? 0 : (int) u32(field);
        }

        long i64(int number) throws IOException {
            long field = field(number, 8);
            return field < 0 ? 0 : FlatBuffer.this.i64(field);
        }

        @Nullable
        Table table(int number) throws IOException {
            long field = field(number, 4);
            return field < 0 ? null : new Table(indirect(field));
        }

        /** Whether the field leads to an empty vector, which some writers put in the place of an empty table. */
        boolean leadsToEmpty(int number) throws IOException {
            long field = field(number, 4);
            return field >= 0 && u32(indirect(field)) == 0;
        }

        /** Empty where it is absent. */
        Vector vector(int number, int width) throws IOException {
            long field = field(number, 4);
            if (field < 0) {
                return new Vector(0, 0);
            }
            long begin = indirect(field);
            long count = u32(begin);
            if (count > (source.length() - begin - 4) / width) {
                throw new Refusal(
                        RULE,
                        begin,
                        "a vector must lie within the file, is said to have " + count + " elements of " + width
                                + " bytes");
            }
            return new Vector(begin + 4, count);
        }

        String string(int number) throws IOException {
            long field = field(number, 4);
            return field < 0 ? "" : FlatBuffer.this.text(field);
        }

        ByteSource text(int number, int most) throws IOException {
            Vector bytes = vector(number, 1);
            if (bytes.count() > most) {
                throw new Refusal(
                        FileRules.TOO_LARGE, at, "a text must have <= " + most + " bytes, has " + bytes.count());
            }
            return source.window(bytes.begin(), bytes.count());
        }
    }

    Table table(Vector vector, long index) throws IOException {
        return new Table(indirect(vector.begin() + 4 * index));
    }

    String string(Vector vector, long index) throws IOException {
        return text(vector.begin() + 4 * index);
    }

    long i64(Vector vector, long index) throws IOException {
        return i64(vector.begin() + 8 * index);
    }

    ByteSource window(Vector vector) throws IOException {
        return source.window(vector.begin(), vector.count());
    }

    private String text(long field) throws IOException {
        long begin = indirect(field);
        long count = u32(begin);
        if (count > source.length() - begin - 4 || count > 1 << 16) {
            throw new Refusal(RULE, begin, "a string must lie within the file and have <= 65536 bytes, has " + count);
        }
        return Utf8.decode(bytes(begin + 4, (int) count))
                .orElseThrow(() -> new Refusal(RULE, begin, "a string must be UTF-8, is not"));
    }
}
