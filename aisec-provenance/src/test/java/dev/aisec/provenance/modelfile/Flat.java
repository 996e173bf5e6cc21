// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes FlatBuffers for tests, each table behind what refers to it; nothing is aligned. */
final class Flat {
    private final Map<Integer, Object> fields = new TreeMap<>();

    static Flat table() {
        return new Flat();
    }

    /** A field: a Byte, Integer, Long, String, byte[], long[], a table, or a list of tables or strings. */
    Flat with(int field, Object value) {
        fields.put(field, value);
        return this;
    }

    byte[] file() {
        Out out = new Out();
        out.reference(this);
        out.finish();
        return out.bytes;
    }

    private static final class Out {
        private record Open(int at, Object target) {}

        private byte[] bytes = new byte[0];
        private final List<Open> open = new ArrayList<>();

        private void append(byte[] more) {
            int at = bytes.length;
            bytes = Arrays.copyOf(bytes, at + more.length);
            System.arraycopy(more, 0, bytes, at, more.length);
        }

        private void append(int width, long value) {
            append(Arrays.copyOf(
                    ByteBuffer.allocate(8)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(value)
                            .array(),
                    width));
        }

        void reference(Object target) {
            open.add(new Open(bytes.length, target));
            append(4, 0);
        }

        void finish() {
            for (int i = 0; i < open.size(); i++) {
                Open next = open.get(i);
                int at = write(next.target());
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(next.at(), at - next.at());
            }
        }

        private int write(Object target) {
            int at = bytes.length;
            if (target instanceof Flat table) {
                return write(table);
            } else if (target instanceof String text) {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                append(4, utf8.length);
                append(utf8);
                append(1, 0);
            } else if (target instanceof byte[] data) {
                append(4, data.length);
                append(data);
            } else if (target instanceof long[] numbers) {
                append(4, numbers.length);
                for (long number : numbers) {
                    append(8, number);
                }
            } else {
                List<?> items = (List<?>) target;
                append(4, items.size());
                items.forEach(this::reference);
            }
            return at;
        }

        private int write(Flat table) {
            int count = table.fields.isEmpty() ? 0 : ((TreeMap<Integer, Object>) table.fields).lastKey() + 1;
            int[] offsets = new int[count];
            int size = 4;
            for (Map.Entry<Integer, Object> field : table.fields.entrySet()) {
                offsets[field.getKey()] = size;
                size += width(field.getValue());
            }
            int vtable = bytes.length;
            append(2, 4 + 2 * count);
            append(2, size);
            for (int offset : offsets) {
                append(2, offset);
            }
            int at = bytes.length;
            append(4, at - vtable);
            for (Object value : table.fields.values()) {
                if (value instanceof Byte b) {
                    append(1, b);
                } else if (value instanceof Integer i) {
                    append(4, i);
                } else if (value instanceof Long l) {
                    append(8, l);
                } else {
                    reference(value);
                }
            }
            return at;
        }

        private static int width(Object value) {
            return value instanceof Byte ? 1 : value instanceof Long ? 8 : 4;
        }
    }
}
