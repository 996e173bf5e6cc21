// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Sha256;
import java.io.Closeable;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How the bytes that were verified are kept. Several threads can ask for views; a view is for one thread at a time. */
abstract class Custody implements Closeable {
    private final long length;

    Custody(long length) {
        this.length = length;
    }

    final long length() {
        return length;
    }

    /** The verified bytes, with a buffer of its own if it needs one. */
    abstract ByteSource view() throws IOException;

    @Override
    public void close() throws IOException {}

    /** The very bytes that were verified, in memory. */
    static Custody memory(byte[] bytes) {
        return new Custody(bytes.length) {
            @Override
            ByteSource view() {
                return ByteSource.of(bytes);
            }
        };
    }

    /** A private file that was verified. */
    static Custody of(PrivateFile file) {
        return new Custody(file.length()) {
            @Override
            ByteSource view() {
                return new StoreView(file, file.length());
            }

            @Override
            public void close() {
                file.close();
            }
        };
    }

    /** A file whose shards are compared with their digests each time they are read. */
    static Custody shards(Store store, long length, int shardBytes, byte[] digests) {
        return new Custody(length) {
            @Override
            ByteSource view() {
                return new ShardView(store, length, shardBytes, digests);
            }

            @Override
            public void close() throws IOException {
                store.close();
            }
        };
    }

    /** A file that is copied to a private one, and compared with its digest, when it is first read. */
    static Custody lazy(Store store, long length, byte[] digest) {
        return new Lazy(store, length, digest);
    }

    private static final class Lazy extends Custody {
        private final Store store;
        private final byte[] digest;
        private @Nullable PrivateFile copy;
        private boolean closed;

        Lazy(Store store, long length, byte[] digest) {
            super(length);
            this.store = store;
            this.digest = digest;
        }

        @Override
        synchronized ByteSource view() throws IOException {
            if (closed) {
                throw new IOException("the verified model is closed");
            }
            if (copy == null) {
                copy = copy();
                store.close();
            }
            return new StoreView(copy, length());
        }

        private PrivateFile copy() throws IOException {
            PrivateFile file = PrivateFile.copyOf(store, length());
            boolean done = false;
            try {
                MessageDigest sha = Sha256.create();
                byte[] buffer = new byte[1 << 16];
                for (long at = 0; at < file.length(); ) {
                    int n = file.read(at, buffer, 0, buffer.length);
                    sha.update(buffer, 0, n);
                    at += n;
                }
                if (file.length() != length() || !MessageDigest.isEqual(sha.digest(), digest)) {
                    throw new IOException("the file has changed since it was verified");
                }
                done = true;
                return file;
            } finally {
                if (!done) {
                    file.close();
                }
            }
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            if (copy != null) {
                copy.close();
            }
            store.close();
        }
    }

    private static final class StoreView extends ByteSource {
        private final Store store;
        private final long length;

        StoreView(Store store, long length) {
            this.store = store;
            this.length = length;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        void readWithin(long offset, byte[] into, int from, int count) throws IOException {
            if (store.read(offset, into, from, count) < count) {
                throw new IOException("the private copy of a verified model has become shorter");
            }
        }
    }

    private static final class ShardView extends ByteSource {
        private final Store store;
        private final long length;
        private final int shardBytes;
        private final byte[] digests;
        private byte[] shard = new byte[0];
        private long held = -1;

        ShardView(Store store, long length, int shardBytes, byte[] digests) {
            this.store = store;
            this.length = length;
            this.shardBytes = shardBytes;
            this.digests = digests;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        void readWithin(long offset, byte[] into, int from, int count) throws IOException {
            long at = offset;
            int done = 0;
            while (done < count) {
                load(at / shardBytes);
                int inside = (int) (at % shardBytes);
                int n = Math.min(count - done, shardBytes - inside);
                System.arraycopy(shard, inside, into, from + done, n);
                done += n;
                at += n;
            }
        }

        private void load(long number) throws IOException {
            if (number == held) {
                return;
            }
            held = -1;
            int there = (int) Math.min(shardBytes, length - number * shardBytes);
            if (shard.length == 0) {
                shard = new byte[(int) Math.min(shardBytes, length)];
            }
            int n = store.read(number * shardBytes, shard, 0, there);
            MessageDigest sha = Sha256.create();
            sha.update(shard, 0, n);
            int from = Math.toIntExact(number * 32);
            if (n < there || !MessageDigest.isEqual(sha.digest(), Arrays.copyOfRange(digests, from, from + 32))) {
                throw new IOException("the file has changed since it was verified, in the " + there
                        + " bytes from offset " + number * shardBytes);
            }
            held = number;
        }
    }
}
