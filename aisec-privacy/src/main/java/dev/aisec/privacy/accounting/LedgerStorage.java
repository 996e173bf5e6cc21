// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The file operations that a ledger needs, so that tests can let them fail. */
interface LedgerStorage extends Closeable {
    /** Reads at a position until the buffer is full or the file ends. */
    void read(ByteBuffer target, long position) throws IOException;

    /** Writes the whole buffer at a position. */
    void write(ByteBuffer source, long position) throws IOException;

    void force() throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    /** A file. */
    record Channel(FileChannel channel) implements LedgerStorage {
        @Override
        public void read(ByteBuffer target, long position) throws IOException {
            long at = position;
            while (target.hasRemaining()) {
                int n = channel.read(target, at);
                if (n < 0) {
                    return;
                }
                at += n;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            long at = position;
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            channel.truncate(size);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
