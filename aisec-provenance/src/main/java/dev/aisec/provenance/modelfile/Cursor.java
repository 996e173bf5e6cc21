// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;

/** Reads a source from front to back through a small buffer. Reading past the end is {@code file.truncated}. */
final class Cursor {
    private static final int BUFFER = 8192;

    private final ByteSource source;
    private final byte[] buffer;
    private long bufferAt;
    private int filled;
    private long at;

    Cursor(ByteSource source) {
        this(source, 0);
    }

    Cursor(ByteSource source, long offset) {
        this.source = source;
        this.buffer = new byte[(int) Math.min(BUFFER, Math.max(8, source.length()))];
        this.at = offset;
    }

    /** The offset in the source of the next byte. */
    long position() {
        return at;
    }

    void position(long offset) {
        at = offset;
    }

    long remaining() {
        return Math.max(0, source.length() - at);
    }

    ByteSource source() {
        return source;
    }

    int u8() throws IOException {
        return require(1)[index(1)] & 0xff;
    }

    int u16le() throws IOException {
        byte[] b = require(2);
        int i = index(2);
        return (b[i] & 0xff) | (b[i + 1] & 0xff) << 8;
    }

    int u16be() throws IOException {
        return Short.toUnsignedInt(Short.reverseBytes((short) u16le()));
    }

    int i32le() throws IOException {
        byte[] b = require(4);
        int i = index(4);
        return (b[i] & 0xff) | (b[i + 1] & 0xff) << 8 | (b[i + 2] & 0xff) << 16 | b[i + 3] << 24;
    }

    int i32be() throws IOException {
        return Integer.reverseBytes(i32le());
    }

    long u32le() throws IOException {
        return i32le() & 0xffffffffL;
    }

    long u32be() throws IOException {
        return i32be() & 0xffffffffL;
    }

    /** Unsigned values above 2^63 - 1 come out negative. */
    long i64le() throws IOException {
        long low = u32le();
        return low | (long) i32le() << 32;
    }

    long i64be() throws IOException {
        return Long.reverseBytes(i64le());
    }

    /** A new array, allocated only if the bytes are there. */
    byte[] bytes(int count) throws IOException {
        byte[] bytes = source.read(at, count);
        at += count;
        return bytes;
    }

    /** The next bytes as a source of their own. */
    ByteSource take(long length) throws IOException {
        ByteSource window = source.window(at, length);
        at += length;
        return window;
    }

    void skip(long count) throws IOException {
        source.window(at, count);
        at += count;
    }

    private byte[] require(int count) throws IOException {
        if (at < bufferAt || at + count > bufferAt + filled) {
            long rest = source.length() - at;
            // Too few bytes: the source says so.
            int wanted = rest < count ? count : (int) Math.min(buffer.length, rest);
            source.read(at, buffer, 0, wanted);
            bufferAt = at;
            filled = wanted;
        }
        return buffer;
    }

    private int index(int count) {
        int index = (int) (at - bufferAt);
        at += count;
        return index;
    }
}
