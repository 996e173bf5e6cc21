// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;

/** Where the bytes of a file are; several threads can read at once. What is read twice may differ. */
abstract class Store implements Closeable {
    /** The length now. */
    abstract long length() throws IOException;

    /** Reads as many bytes as there are, up to a count; fewer only at the end. */
    abstract int read(long offset, byte[] into, int from, int count) throws IOException;

    @Override
    public void close() throws IOException {}

    static Store of(byte[] bytes) {
        return new Memory(bytes);
    }

    /** A channel that belongs to somebody else: its position is put back, and closing does not close it. */
    static Store of(SeekableByteChannel channel) {
        return channel instanceof FileChannel file ? new Positional(file, false) : new Seeking(channel);
    }

    static Store owned(FileChannel channel) {
        return new Positional(channel, true);
    }

    /** Bytes in memory. */
    static final class Memory extends Store {
        final byte[] bytes;

        Memory(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        long length() {
            return bytes.length;
        }

        @Override
        int read(long offset, byte[] into, int from, int count) {
            int there = (int) Math.min(count, Math.max(0, bytes.length - offset));
            System.arraycopy(bytes, (int) (bytes.length - Math.max(0, bytes.length - offset)), into, from, there);
            return there;
        }
    }

    private static final class Positional extends Store {
        private final FileChannel channel;
        private final boolean owned;

        Positional(FileChannel channel, boolean owned) {
            this.channel = channel;
            this.owned = owned;
        }

        @Override
        long length() throws IOException {
            return channel.size();
        }

        @Override
        int read(long offset, byte[] into, int from, int count) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(into, from, count);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, offset + buffer.position() - from) < 0) {
                    break;
                }
            }
            return buffer.position() - from;
        }

        @Override
        public void close() throws IOException {
            if (owned) {
                channel.close();
            }
        }
    }

    private static final class Seeking extends Store {
        private final SeekableByteChannel channel;

        Seeking(SeekableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        long length() throws IOException {
            return channel.size();
        }

        @Override
        synchronized int read(long offset, byte[] into, int from, int count) throws IOException {
            long before = channel.position();
            try {
                ByteBuffer buffer = ByteBuffer.wrap(into, from, count);
                channel.position(offset);
                while (buffer.hasRemaining()) {
                    if (channel.read(buffer) < 0) {
                        break;
                    }
                }
                return buffer.position() - from;
            } finally {
                channel.position(before);
            }
        }
    }
}
