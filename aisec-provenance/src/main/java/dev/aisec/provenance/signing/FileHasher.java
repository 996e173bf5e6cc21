// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Hashes files and parts of files on a number of threads. A file that is hashed whole takes one thread; parts and several
 * files take all. Memory: 256 KiB for each thread.
 */
final class FileHasher {
    /** Stays in the second-level cache, so that the digest reads what was just copied. */
    private static final int BUFFER = 256 << 10;

    /**
     * A file or a part of it.
     *
     * @param entry the file as it was listed
     * @param start first byte
     * @param end byte after the last
     */
    record Piece(Folder.Entry entry, long start, long end) {}

    /** What came of a piece: a digest, or the rule that is broken. */
    record Result(byte[] digest, @Nullable SignatureRule broken, boolean cached) {
        static Result broken(SignatureRule rule) {
            return new Result(new byte[0], rule, false);
        }
    }

    private final List<Piece> pieces;
    private final @Nullable Result[] results;
    private final Integer[] order;
    private final @Nullable HashCache cache;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private FileHasher(List<Piece> pieces, @Nullable HashCache cache) {
        this.pieces = pieces;
        this.cache = cache;
        this.results = new Result[pieces.size()];
        this.order = new Integer[pieces.size()];
        Arrays.setAll(order, i -> i);
        // The longest first, so that none is left over at the end.
        Arrays.sort(
                order,
                Comparator.comparingLong(
                        i -> pieces.get(i).start() - pieces.get(i).end()));
    }

    /** One result for each piece, in their order. */
    static List<Result> hash(List<Piece> pieces, int parallelism, @Nullable HashCache cache) throws IOException {
        FileHasher hasher = new FileHasher(pieces, cache);
        Thread[] helpers = new Thread[Math.max(0, Math.min(parallelism, pieces.size()) - 1)];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Thread(hasher::work, "aisec-hash-" + i);
            helpers[i].setDaemon(true);
            helpers[i].start();
        }
        hasher.work();
        hasher.join(helpers);
        hasher.rethrow();
        return hasher.results();
    }

    private List<Result> results() {
        Result[] done = new Result[results.length];
        for (int i = 0; i < done.length; i++) {
            Result result = results[i];
            if (result == null) {
                throw new IllegalStateException("every piece must have a result");
            }
            done[i] = result;
        }
        return List.of(done);
    }

    private void join(Thread[] helpers) {
        boolean interrupted = false;
        for (Thread helper : helpers) {
            while (helper.isAlive()) {
                if (failure.get() != null) {
                    helper.interrupt();
                }
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    failure.compareAndSet(null, new CancellationException("interrupted while hashing"));
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void rethrow() throws IOException {
        Throwable thrown = failure.get();
        if (thrown instanceof IOException e) {
            throw e;
        }
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
    }

    private void work() {
        try {
            MessageDigest digest = Sha256.create();
            byte[] buffer = new byte[BUFFER];
            for (int i = next.getAndIncrement();
                    i < order.length && failure.get() == null;
                    i = next.getAndIncrement()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("interrupted while hashing");
                }
                results[order[i]] = one(pieces.get(order[i]), digest, buffer);
            }
        } catch (ClosedByInterruptException e) {
            failure.compareAndSet(null, new CancellationException("interrupted while hashing"));
        } catch (IOException | RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    private Result one(Piece piece, MessageDigest digest, byte[] buffer) throws IOException {
        try {
            if (!FileState.of(piece.entry().path()).equals(piece.entry().state())) {
                return Result.broken(SignatureRule.CHANGED);
            }
            if (cache != null) {
                byte[] known = cache.find(piece);
                if (known != null) {
                    return new Result(known, null, true);
                }
            }
            digest.reset();
            // Never through a link, should one have come in the file's place.
            try (FileChannel channel = FileChannel.open(
                    piece.entry().path(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
                long at = piece.start();
                while (at < piece.end()) {
                    ByteBuffer target = ByteBuffer.wrap(buffer, 0, (int) Math.min(BUFFER, piece.end() - at));
                    int read = channel.read(target, at);
                    if (read < 0) {
                        return Result.broken(SignatureRule.CHANGED);
                    }
                    digest.update(buffer, 0, read);
                    at += read;
                }
            }
            byte[] result = digest.digest();
            return FileState.of(piece.entry().path()).equals(piece.entry().state())
                    ? new Result(result, null, false)
                    : Result.broken(SignatureRule.CHANGED);
        } catch (AccessDeniedException e) {
            return Result.broken(SignatureRule.UNREADABLE);
        } catch (NoSuchFileException e) {
            return Result.broken(SignatureRule.CHANGED);
        }
    }
}
