// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Optional;

/**
 * A model file that {@link ModelVerifier} accepted: it gives exactly the bytes that were verified, whatever happens to the
 * file afterwards. It has no public constructor, so a loader that takes it cannot be given anything unchecked.
 *
 * <p>Content up to {@link Limits#memoryBytes()} is kept in memory. Larger content is kept in a private file if it came as a
 * stream or {@link ModelVerifier#withPrivateCopy()} was asked for. Else the file stays open: with shard digests each shard is
 * compared with its digest whenever it is read; without, the first read copies the file to a private one and compares the
 * whole. A file that has changed is an {@link IOException}, and no changed byte comes out.
 *
 * <p>Safe for use by several threads; a stream or channel that it gives is for one thread. Close it to give back files early;
 * what is not closed is given back once it is unreachable.
 */
public final class VerifiedModel implements AutoCloseable {
    private final ModelStructure structure;
    private final String digest;
    private final Custody content;
    private final VerificationPolicy policy;
    private volatile boolean closed;

    VerifiedModel(ModelStructure structure, String digest, Custody content, VerificationPolicy policy) {
        this.structure = structure;
        this.digest = digest;
        this.content = content;
        this.policy = policy;
    }

    /**
     * What the file holds.
     *
     * @return the structure
     */
    public ModelStructure structure() {
        return structure;
    }

    /**
     * The name of the bytes, as in {@link ModelReport#digest()}.
     *
     * @return for example {@code sha256:9f86d0…}
     */
    public String digest() {
        return digest;
    }

    /**
     * The length of the file.
     *
     * @return in bytes
     */
    public long length() {
        return content.length();
    }

    /**
     * Reads the verified bytes from the first to the last.
     *
     * @return a stream of its own for each call
     * @throws IOException if the file has changed, a private copy cannot be made, or this is closed
     */
    public InputStream open() throws IOException {
        return stream(view());
    }

    /**
     * Reads the verified bytes at any place.
     *
     * @return a read-only channel of its own for each call
     * @throws IOException if the file has changed, a private copy cannot be made, or this is closed
     */
    public SeekableByteChannel channel() throws IOException {
        return new Channel(view());
    }

    /**
     * The names of the entries, if the file is a zip archive.
     *
     * @return in the order of the archive; empty if it is none
     * @throws IOException if the file has changed, a private copy cannot be made, or this is closed
     */
    public List<String> entryNames() throws IOException {
        ByteSource view = view();
        if (ZipReader.names(view, policy.limits()).isEmpty()) {
            return List.of();
        }
        Inspection.Shared shared = new Inspection.Shared(policy, List.of(), view);
        return ZipReader.open(view, new Inspection(shared, "", 0)).members().stream()
                .map(ZipReader.Member::name)
                .toList();
    }

    /**
     * Reads an entry of a zip archive, inflated.
     *
     * @param name its name, exactly
     * @return a stream of its own for each call; empty if there is no such entry or this is no zip archive
     * @throws IOException if the file has changed, a private copy cannot be made, or this is closed
     */
    public Optional<InputStream> entry(String name) throws IOException {
        ByteSource view = view();
        if (ZipReader.names(view, policy.limits()).isEmpty()) {
            return Optional.empty();
        }
        Inspection.Shared shared = new Inspection.Shared(policy, List.of(), view);
        boolean kept = false;
        try {
            ZipReader zip = ZipReader.open(view, new Inspection(shared, "", 0));
            Optional<ZipReader.Member> member = zip.member(name);
            if (member.isEmpty()) {
                return Optional.empty();
            }
            InputStream stream = new FilterInputStream(stream(zip.content(member.get()))) {
                @Override
                public void close() throws IOException {
                    shared.close();
                }
            };
            kept = true;
            return Optional.of(stream);
        } finally {
            if (!kept) {
                shared.close();
            }
        }
    }

    /** Gives back what keeps the bytes; they cannot be read any more. What is not closed is given back once unreachable. */
    @Override
    public void close() throws IOException {
        closed = true;
        content.close();
    }

    @Override
    public String toString() {
        return structure.format() + " " + digest;
    }

    private ByteSource view() throws IOException {
        if (closed) {
            throw new IOException("the verified model is closed");
        }
        return content.view();
    }

    private InputStream stream(ByteSource source) {
        return new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int from, int count) throws IOException {
                if (count == 0) {
                    return 0;
                }
                int some = (int) Math.min(count, source.length() - at);
                if (some <= 0) {
                    return -1;
                }
                open(source, at, into, from, some);
                at += some;
                return some;
            }

            @Override
            public long skip(long count) {
                long some = Math.max(0, Math.min(count, source.length() - at));
                at += some;
                return some;
            }

            @Override
            public int available() {
                return (int) Math.min(Integer.MAX_VALUE, source.length() - at);
            }
        };
    }

    private void open(ByteSource source, long at, byte[] into, int from, int count) throws IOException {
        if (closed) {
            throw new IOException("the verified model is closed");
        }
        source.read(at, into, from, count);
    }

    private final class Channel implements SeekableByteChannel {
        private final ByteSource source;
        private long at;
        private boolean open = true;

        Channel(ByteSource source) {
            this.source = source;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            requireOpen();
            if (!into.hasRemaining()) {
                return 0;
            }
            int some = (int) Math.min(Math.min(into.remaining(), 1 << 16), source.length() - at);
            if (some <= 0) {
                return -1;
            }
            byte[] bytes = new byte[some];
            open(source, at, bytes, 0, some);
            into.put(bytes);
            at += some;
            return some;
        }

        @Override
        public int write(ByteBuffer from) {
            throw new NonWritableChannelException();
        }

        @Override
        public long position() throws IOException {
            requireOpen();
            return at;
        }

        @Override
        public SeekableByteChannel position(long position) throws IOException {
            requireOpen();
            if (position < 0) {
                throw new IllegalArgumentException("position must be >= 0, was " + position);
            }
            at = position;
            return this;
        }

        @Override
        public long size() throws IOException {
            requireOpen();
            return source.length();
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }

        private void requireOpen() throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
        }
    }
}
