// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;

/**
 * Where inflated entries are kept while a file is inspected: all entries together take at most half of the memory that the
 * limits allow, the others follow one another in one private file, which has no name any more once it is open (on systems
 * that can) and is gone when it is closed.
 */
final class Spool {
    private final Inspection.Shared shared;
    private long held;
    private long written;
    private FileChannel file;

    @SuppressWarnings("NullAway.Init") // the file is made when the first entry needs it
    Spool(Inspection.Shared shared) {
        this.shared = shared;
    }

    /** Fills a new place of known length. */
    interface Filler {
        void fill(Sink sink) throws IOException;
    }

    /** Takes bytes, no more than announced. */
    interface Sink {
        void put(byte[] bytes, int count) throws IOException;
    }

    /** Keeps {@code length} bytes, which the filler gives. */
    ByteSource keep(long length, Filler filler) throws IOException {
        if (length <= shared.policy.limits().memoryBytes() / 2 - held) {
            byte[] all = new byte[(int) length];
            int[] filled = new int[1];
            filler.fill((bytes, count) -> {
                System.arraycopy(bytes, 0, all, filled[0], count);
                filled[0] += count;
            });
            held += length;
            return ByteSource.of(all);
        }
        FileChannel channel = file();
        long begin = written;
        filler.fill((bytes, count) -> {
            try {
                ByteBuffer piece = ByteBuffer.wrap(bytes, 0, count);
                while (piece.hasRemaining()) {
                    written += channel.write(piece, written);
                }
            } catch (ClosedByInterruptException e) {
                throw cancelled(e);
            }
        });
        return new Spooled(channel, begin, length);
    }

    private FileChannel file() throws IOException {
        if (file == null) {
            // Readable by the owner alone: that is how createTempFile makes files.
            Path path = Files.createTempFile("aisec", ".entry");
            file = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            shared.resources.add(file);
        }
        return file;
    }

    private static CancellationException cancelled(ClosedByInterruptException e) {
        CancellationException cancelled = new CancellationException("interrupted while reading a model file");
        cancelled.initCause(e);
        return cancelled;
    }

    private static final class Spooled extends ByteSource {
        private final FileChannel file;
        private final long begin;
        private final long length;

        Spooled(FileChannel file, long begin, long length) {
            this.file = file;
            this.begin = begin;
            this.length = length;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        void readWithin(long offset, byte[] into, int from, int count) throws IOException {
            try {
                ByteBuffer piece = ByteBuffer.wrap(into, from, count);
                while (piece.hasRemaining()) {
                    if (file.read(piece, begin + offset + count - piece.remaining()) < 0) {
                        throw new IOException("the private file of an inflated entry was cut");
                    }
                }
            } catch (ClosedByInterruptException e) {
                throw cancelled(e);
            }
        }
    }
}
