// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/**
 * Bytes that can be read at any place: a file, a part of one, an entry of an archive. Reading outside ends the inspection
 * with the finding {@code file.truncated}; nothing is allocated for bytes that are not there. Not for use by several
 * threads at once.
 */
public abstract class ByteSource {
    /** For the sources of this package. */
    ByteSource() {}

    /**
     * Returns how many bytes there are.
     *
     * @return the length
     */
    public abstract long length();

    /** Reads within bounds. */
    abstract void readWithin(long offset, byte[] into, int from, int count) throws IOException;

    /** The whole that this is a part of. */
    ByteSource root() {
        return this;
    }

    /** Where in the whole this begins. */
    long base() {
        return 0;
    }

    /**
     * Reads bytes.
     *
     * @param offset of the first
     * @param into where to
     * @param from index in {@code into}
     * @param count how many, all of them or none
     * @throws IOException if they are not all within the source, or cannot be read
     * @throws CancellationException if the thread is interrupted
     */
    public final void read(long offset, byte[] into, int from, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, into.length);
        within(offset, count);
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted while reading a model file");
        }
        readWithin(offset, into, from, count);
    }

    /**
     * Reads bytes into a new array, which is allocated only if they are there.
     *
     * @param offset of the first
     * @param count how many
     * @return the bytes
     * @throws IOException if they are not all within the source, or cannot be read
     */
    public final byte[] read(long offset, int count) throws IOException {
        within(offset, count);
        byte[] bytes = new byte[count];
        read(offset, bytes, 0, count);
        return bytes;
    }

    /**
     * A part of these bytes.
     *
     * @param offset where it begins
     * @param length how long it is
     * @return the part
     * @throws IOException if it is not within the source
     */
    public final ByteSource window(long offset, long length) throws IOException {
        within(offset, length);
        return new Window(root(), base() + offset, length);
    }

    private void within(long offset, long count) throws Refusal {
        if (offset < 0 || count < 0 || offset > length() || count > length() - offset) {
            throw new Refusal(
                    FileRules.TRUNCATED,
                    Math.max(0, Math.min(offset, length())),
                    Long.toUnsignedString(count) + " bytes must follow, " + Math.max(0, length() - Math.max(0, offset))
                            + " are there");
        }
    }

    /**
     * Bytes in memory.
     *
     * @param bytes the bytes; not copied, not to be changed
     * @return the source
     */
    public static ByteSource of(byte[] bytes) {
        return new Memory(bytes);
    }

    private static final class Memory extends ByteSource {
        private final byte[] bytes;

        Memory(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        void readWithin(long offset, byte[] into, int from, int count) {
            System.arraycopy(bytes, (int) offset, into, from, count);
        }
    }

    private static final class Window extends ByteSource {
        private final ByteSource root;
        private final long base;
        private final long length;

        Window(ByteSource root, long base, long length) {
            this.root = root;
            this.base = base;
            this.length = length;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        ByteSource root() {
            return root;
        }

        @Override
        long base() {
            return base;
        }

        @Override
        void readWithin(long offset, byte[] into, int from, int count) throws IOException {
            root.readWithin(base + offset, into, from, count);
        }
    }
}
