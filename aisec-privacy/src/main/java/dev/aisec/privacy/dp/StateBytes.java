// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The bytes of accumulators: big-endian, a magic number, a version, a kind. Nothing is allocated that the bytes do not fill. */
final class StateBytes {
    /** "aiDP". */
    private static final int MAGIC = 0x61694450;

    private static final int VERSION = 1;

    private StateBytes() {}

    static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Writer(int kind) {
            putInt(MAGIC);
            putInt(VERSION);
            putInt(kind);
        }

        void putInt(int value) {
            out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        }

        void putLong(long value) {
            out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        }

        void putDouble(double value) {
            putLong(Double.doubleToRawLongBits(value));
        }

        void putText(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            putInt(utf8.length);
            out.writeBytes(utf8);
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }

    static final class Reader {
        private final ByteBuffer in;

        Reader(byte[] bytes, int kind) {
            in = ByteBuffer.wrap(bytes);
            getInt("magic number", MAGIC, MAGIC);
            getInt("version", VERSION, VERSION);
            getInt("kind", kind, kind);
        }

        long offset() {
            return in.position();
        }

        int remaining() {
            return in.remaining();
        }

        int getInt(String what, int least, int largest) {
            need(Integer.BYTES);
            int value = in.getInt();
            if (value < least || value > largest) {
                throw new MalformedInputException(
                        offset() - Integer.BYTES, what + " must be in [" + least + ", " + largest + "], was " + value);
            }
            return value;
        }

        long getLong() {
            need(Long.BYTES);
            return in.getLong();
        }

        long getLong(String what, long least, long largest) {
            long value = getLong();
            if (value < least || value > largest) {
                throw new MalformedInputException(
                        offset() - Long.BYTES, what + " must be in [" + least + ", " + largest + "], was " + value);
            }
            return value;
        }

        double getDouble() {
            return Double.longBitsToDouble(getLong());
        }

        String getText(String what, int mostBytes) {
            int length = getInt("length of " + what, 0, mostBytes);
            need(length);
            ByteBuffer utf8 = in.slice().limit(length);
            try {
                String text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
                in.position(in.position() + length);
                return text;
            } catch (CharacterCodingException e) {
                throw new MalformedInputException(offset(), what + " must be UTF-8, was not");
            }
        }

        void end() {
            if (in.hasRemaining()) {
                throw new MalformedInputException(offset(), "bytes must end, " + in.remaining() + " were left");
            }
        }

        private void need(int bytes) {
            if (in.remaining() < bytes) {
                throw new MalformedInputException(offset(), "bytes must go on, ended");
            }
        }
    }
}
