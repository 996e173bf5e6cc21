// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Checks an array as ND4J writes it: two buffers, shape information and data, each with allocation mode, length and type
 * ({@code BaseDataBuffer.write}); big-endian. Releases before 1.0.0-beta have lengths of 32 bits.
 */
final class ArrayStream {
    private static final Set<String> SHORT_LENGTH = Set.of("HEAP", "JAVACPP", "DIRECT");
    private static final Set<String> LONG_LENGTH = Set.of("LONG_SHAPE", "MIXED_DATA_TYPES");

    private final ByteBuffer in;
    private final String entry;

    private ArrayStream(byte[] bytes, String entry) {
        this.in = ByteBuffer.wrap(bytes);
        this.entry = entry;
    }

    /** Checks the whole entry; returns the number of values, all of them finite. */
    static long check(byte[] bytes, String entry) throws Refusal {
        ArrayStream stream = new ArrayStream(bytes, entry);
        try {
            return stream.check();
        } catch (BufferUnderflowException e) {
            throw Refusal.at("array", entry, bytes.length, "the array must be complete, it ends early");
        }
    }

    private long check() throws Refusal {
        long values = shape();
        int header = in.position();
        long length = length();
        String type = text();
        int width = width(type);
        if (length != values) {
            throw Refusal.at(
                    "array", entry, header, "number of values must be " + values + " by the shape, was " + length);
        }
        if (length * width != in.remaining()) {
            throw Refusal.at(
                    "array",
                    entry,
                    in.position(),
                    "data must have " + length * width + " bytes, " + in.remaining() + " are there");
        }
        for (long i = 0; i < length; i++) {
            int at = in.position();
            double value = value(type);
            if (!Double.isFinite(value)) {
                throw Refusal.at("not-finite", entry, at, "parameters must be finite, was " + value + " at index " + i);
            }
        }
        return length;
    }

    private long shape() throws Refusal {
        long length = length();
        String type = text();
        if (!type.equals("LONG") && !type.equals("INT")) {
            throw Refusal.at("array", entry, 0, "type of the shape must be LONG or INT, was " + type);
        }
        boolean wide = type.equals("LONG");
        if (length < 4 || length > 2 * 32 + 4) {
            throw Refusal.at("array", entry, 0, "length of the shape must be in [4, 68], was " + length);
        }
        long[] info = new long[(int) length];
        for (int i = 0; i < info.length; i++) {
            info[i] = wide ? in.getLong() : in.getInt();
        }
        int rank = (int) info[0];
        if (info[0] < 0 || info[0] > 32 || length != 2 * rank + 4) {
            throw Refusal.at("array", entry, 0, "rank must fit the length " + length + " of the shape, was " + info[0]);
        }
        long values = 1;
        long last = 0;
        for (int d = 0; d < rank; d++) {
            long size = info[1 + d];
            long stride = info[1 + rank + d];
            if (size < 1 || size > Integer.MAX_VALUE || stride < 0 || stride > Integer.MAX_VALUE) {
                throw Refusal.at(
                        "array", entry, 0, "sizes and strides must be in [1, 2^31), were " + size + " and " + stride);
            }
            values = Math.min(values, Integer.MAX_VALUE) * size;
            last = Math.min(last, Integer.MAX_VALUE) + (size - 1) * stride;
        }
        // Strides come from the file and native code follows them: the last element must be the last of the data.
        if (values > Integer.MAX_VALUE || last != values - 1) {
            throw Refusal.at(
                    "array",
                    entry,
                    0,
                    "strides must reach exactly the " + values + " values of the shape, they reach " + (last + 1));
        }
        if (!wide && info[1 + 2 * rank] != 0) {
            throw Refusal.at("array", entry, 0, "offset must be 0, was " + info[1 + 2 * rank]);
        }
        return values;
    }

    private long length() throws Refusal {
        int at = in.position();
        String mode = text();
        long length;
        if (LONG_LENGTH.contains(mode)) {
            length = in.getLong();
        } else if (SHORT_LENGTH.contains(mode)) {
            length = in.getInt();
        } else {
            throw Refusal.at("array", entry, at, "allocation mode must be known, was " + printable(mode));
        }
        if (length < 1 || length > Integer.MAX_VALUE) {
            throw Refusal.at("array", entry, at, "length must be in [1, 2^31), was " + length);
        }
        return length;
    }

    /** DataOutput.writeUTF of an ASCII name. */
    private String text() throws Refusal {
        int at = in.position();
        int length = in.getShort() & 0xffff;
        if (length > 64) {
            throw Refusal.at("array", entry, at, "a name must have <= 64 bytes, had " + length);
        }
        byte[] text = new byte[length];
        in.get(text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    private int width(String type) throws Refusal {
        return switch (type) {
            case "DOUBLE" -> 8;
            case "FLOAT" -> 4;
            case "HALF", "BFLOAT16" -> 2;
            default ->
                throw Refusal.at(
                        "array",
                        entry,
                        in.position(),
                        "type of parameters must be FLOAT, DOUBLE, HALF or BFLOAT16, was " + printable(type));
        };
    }

    private double value(String type) {
        return switch (type) {
            case "DOUBLE" -> in.getDouble();
            case "FLOAT" -> in.getFloat();
            // All exponent bits set is NaN or infinity in both 16-bit formats.
            case "HALF" -> (in.getShort() & 0x7c00) == 0x7c00 ? Double.NaN : 0;
            default -> (in.getShort() & 0x7f80) == 0x7f80 ? Double.NaN : 0;
        };
    }

    private static String printable(String text) {
        return text.replaceAll("[^\\x20-\\x7e]", "?");
    }
}
