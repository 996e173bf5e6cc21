// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Sha256;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a file that hashes it, compares what readers saw, sums checksums and looks at numbers. It goes in segments;
 * what a segment gives does not depend on any other and is merged in the order of the file, so the result is the same for any
 * number of threads.
 */
final class Sweep {
    private static final int SEGMENT = 2 * FirstReads.BLOCK;

    /** What a segment says of a piece. */
    private record Part(
            Scans.Piece piece, @Nullable NumberTotals totals, byte[] head, byte[] tail, int sum, int count) {}

    private record Job(long number, long offset, int count, List<Scans.Piece> pieces, List<NumberTotals> totals) {}

    private final Store store;
    private final long length;
    private final @Nullable FirstReads reads;
    private final List<Scans.Piece> pieces;
    private final Optional<Shards> shards;
    private final int segment;
    private final MessageDigest whole = Sha256.create();
    private final byte[] digests;
    private final NumberScan joints = new NumberScan();

    private long next;
    private int nextPiece;
    private List<Scans.Piece> active = new ArrayList<>();
    private long merged;
    private final Map<Long, List<Part>> waiting = new HashMap<>();
    private @Nullable Throwable failure;
    private int running;
    private boolean finished;

    /** Pieces are sorted by offset. */
    Sweep(Store store, long length, @Nullable FirstReads reads, List<Scans.Piece> pieces, Optional<Shards> shards)
            throws IOException {
        this.store = store;
        this.length = length;
        this.reads = reads;
        this.pieces = pieces;
        this.shards = shards;
        this.segment = shards.map(Shards::bytes).orElse(SEGMENT);
        long number = (length + segment - 1) / segment;
        if (shards.isPresent() && number > Shards.MOST) {
            throw new Refusal(FileRules.TOO_LARGE, -1, "a file must have <= " + Shards.MOST + " shards, has " + number);
        }
        this.digests = new byte[shards.isPresent() ? (int) number * 32 : 0];
    }

    /** The digests of the shards, or the one of the whole. */
    byte[] run() throws IOException {
        shards.ifPresent(this::callHelpers);
        try {
            work();
        } finally {
            awaitHelpers();
        }
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return shards.isPresent() ? digests : whole.digest();
    }

    private void callHelpers(Shards s) {
        int useful = (int) Math.min(s.helpers(), (length - 1) / segment);
        for (int i = 0; i < useful; i++) {
            try {
                s.executor().execute(this::help);
            } catch (RejectedExecutionException e) {
                // The calling thread does all that nobody helps with.
                return;
            }
        }
    }

    private void help() {
        synchronized (this) {
            if (finished) {
                return;
            }
            running++;
        }
        try {
            work();
        } finally {
            synchronized (this) {
                running--;
                notifyAll();
            }
        }
    }

    /** Helpers that have begun end with their segment; those that have not find nothing to do. */
    private synchronized void awaitHelpers() {
        finished = true;
        boolean interrupted = false;
        while (running > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                fail(new CancellationException("interrupted while reading a model file"));
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        }
    }

    private void work() {
        try {
            NumberScan scan = new NumberScan();
            byte[] buffer =
                    store instanceof Store.Memory memory ? memory.bytes : new byte[(int) Math.min(segment, length)];
            MessageDigest sha = shards.isPresent() ? Sha256.create() : whole;
            for (Optional<Job> job = next(); job.isPresent(); job = next()) {
                segment(job.get(), buffer, sha, scan);
            }
        } catch (Throwable e) {
            // Reported by the thread that waits for all.
            fail(e);
        }
    }

    private void segment(Job job, byte[] buffer, MessageDigest sha, NumberScan scan) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted while reading a model file");
        }
        int from = 0;
        if (store instanceof Store.Memory) {
            from = (int) job.offset;
        } else if (store.read(job.offset, buffer, 0, job.count) < job.count) {
            throw new Refusal(FileRules.CHANGED, -1, "the file must keep its length of " + length + ", became shorter");
        }
        if (reads != null) {
            reads.compare(job.offset, buffer, job.count);
        }
        sha.update(buffer, from, job.count);
        if (shards.isPresent()) {
            System.arraycopy(sha.digest(), 0, digests, (int) job.number * 32, 32);
        }
        List<Part> parts = new ArrayList<>(job.pieces.size());
        for (int i = 0; i < job.pieces.size(); i++) {
            parts.add(part(job.pieces.get(i), job.totals.get(i), job, buffer, from, scan));
        }
        merge(job.number, parts);
    }

    private synchronized Optional<Job> next() {
        long offset = next * segment;
        if (failure != null || offset >= length) {
            return Optional.empty();
        }
        int count = (int) Math.min(segment, length - offset);
        List<Scans.Piece> now = new ArrayList<>();
        for (Scans.Piece piece : active) {
            if (piece.end > offset) {
                now.add(piece);
            }
        }
        while (nextPiece < pieces.size() && pieces.get(nextPiece).offset < offset + count) {
            now.add(pieces.get(nextPiece++));
        }
        active = now;
        List<NumberTotals> totals = new ArrayList<>(now.size());
        for (Scans.Piece piece : now) {
            NumberTotals fresh = new NumberTotals();
            if (piece.entry != null) {
                // Bounds that are known do no harm to the result, and numbers within them are cheaper.
                fresh.min = piece.entry.totals.min;
                fresh.max = piece.entry.totals.max;
            }
            totals.add(fresh);
        }
        return Optional.of(new Job(next++, offset, count, now, totals));
    }

    private static Part part(
            Scans.Piece piece, NumberTotals totals, Job job, byte[] buffer, int from, NumberScan scan) {
        long begin = Math.max(piece.offset, job.offset);
        long end = Math.min(piece.end, job.offset + job.count);
        int at = from + (int) (begin - job.offset);
        int count = (int) (end - begin);
        Scans.Entry entry = piece.entry;
        if (entry == null) {
            CRC32 crc = new CRC32();
            crc.update(buffer, at, count);
            return new Part(piece, null, new byte[0], new byte[0], (int) crc.getValue(), count);
        }
        int phase = (int) ((begin - piece.offset) % piece.unit);
        int head = phase == 0 ? 0 : Math.min(piece.unit - phase, count);
        int blocks = (count - head) / piece.unit;
        int tail = count - head - blocks * piece.unit;
        scan.scan(entry.tensor, buffer, at + head, blocks, begin + head, totals, entry.spread);
        return new Part(
                piece,
                totals,
                Arrays.copyOfRange(buffer, at, at + head),
                Arrays.copyOfRange(buffer, at + count - tail, at + count),
                0,
                count);
    }

    private synchronized void merge(long number, List<Part> parts) {
        waiting.put(number, parts);
        for (List<Part> ready = waiting.remove(merged); ready != null; ready = waiting.remove(merged)) {
            long segmentStart = merged * segment;
            for (Part part : ready) {
                merge(part, segmentStart);
            }
            merged++;
        }
    }

    private void merge(Part part, long segmentStart) {
        Scans.Piece piece = part.piece;
        Scans.Entry entry = piece.entry;
        if (entry == null || part.totals == null) {
            piece.sum = piece.summed == 0 ? part.sum : Crc32.combine(piece.sum, part.sum, part.count);
            piece.summed += part.count;
            return;
        }
        if (part.head.length > 0) {
            // A block has at most 292 bytes and a segment 65,536, so none reaches over two borders.
            byte[] block = Arrays.copyOf(piece.pending, piece.unit);
            System.arraycopy(part.head, 0, block, piece.pending.length, part.head.length);
            NumberTotals totals = new NumberTotals();
            long at = segmentStart - piece.pending.length;
            joints.scan(entry.tensor, block, 0, 1, at, totals, entry.spread);
            entry.add(totals);
        }
        piece.pending = part.tail;
        entry.add(part.totals);
    }
}
