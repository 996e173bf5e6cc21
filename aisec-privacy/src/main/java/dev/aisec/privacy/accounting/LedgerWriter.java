// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.core.MalformedInputException;
import dev.aisec.privacy.accounting.LedgerFormat.Anchor;
import dev.aisec.privacy.accounting.LedgerFormat.Entry;
import dev.aisec.privacy.accounting.LedgerFormat.Header;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a process that touches a ledger's files: an interrupt of a caller would close a channel that it uses. It
 * takes all requests that wait, locks out other processes, reads what they have appended, decides, appends, forces once, moves
 * the anchor and only then answers.
 */
final class LedgerWriter {
    /** What to do with the file. */
    enum Mode {
        CREATE,
        OPEN,
        OPEN_OR_CREATE
    }

    private static final System.Logger LOG = System.getLogger(LedgerWriter.class.getName());
    private static final int MAX_GROUP = 512;
    private static final long LAZY_MILLIS = 100;
    private static final long MAX_GATHER_NANOS = 1_000_000;

    // File locks belong to the process, and closing any channel of a file gives up all of them: hence one writer a
    // file.
    private static final Map<Path, LedgerWriter> WRITERS = new HashMap<>();

    private final Path key;
    private final Path path;
    private final Path anchorPath;
    private final UnaryOperator<LedgerStorage> seam;
    private final LinkedBlockingQueue<Request> queue = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> terminated = new CompletableFuture<>();
    // Guarded by WRITERS.
    private int handles = 1;
    private boolean ending;
    private volatile @Nullable RuntimeException dead;

    // Set on the writer's thread before opened completes.
    private @Nullable Header header;
    private @Nullable Filter filter;

    // Of the writer's thread alone.
    private final MessageDigest digest = LedgerFormat.sha256();
    private @Nullable ByteBuffer buffer;
    private final List<Request> group = new ArrayList<>(MAX_GROUP);
    private @Nullable FileChannel lockChannel;
    private @Nullable LedgerStorage anchorFile;
    private @Nullable LedgerStorage file;
    private @Nullable Object fileKey;
    private @Nullable Object anchorKey;
    private long position = LedgerFormat.HEADER;
    private long records;
    private long reservations;
    private byte[] hash = {};
    private Anchor anchor = new Anchor(hash, 0, 0, hash);
    private int lastGroup;
    private long forceNanos;

    private LedgerWriter(Path key, Path path, UnaryOperator<LedgerStorage> seam) {
        this.key = key;
        this.path = path;
        this.anchorPath = path.resolveSibling(path.getFileName() + ".anchor");
        this.seam = seam;
    }

    /** The writer of a file, started if need be; {@link #release} gives it back. */
    static LedgerWriter acquire(Path given, Mode mode, @Nullable Budget budget, UnaryOperator<LedgerStorage> seam)
            throws IOException {
        Path path = Files.exists(given) ? given.toRealPath() : real(given);
        while (true) {
            LedgerWriter writer;
            boolean fresh = false;
            synchronized (WRITERS) {
                writer = WRITERS.get(path);
                if (writer == null) {
                    writer = new LedgerWriter(path, path, seam);
                    WRITERS.put(path, writer);
                    writer.start(mode, budget);
                    fresh = true;
                } else if (!writer.ending) {
                    if (mode == Mode.CREATE) {
                        throw new FileAlreadyExistsException(path.toString());
                    }
                    writer.handles++;
                }
            }
            if (!fresh && writer.isEnding()) {
                join(writer.terminated);
                continue;
            }
            try {
                join(writer.opened);
            } catch (IOException | RuntimeException e) {
                writer.release();
                throw e;
            }
            if (budget != null && !budget.equals(writer.budget())) {
                Budget has = writer.budget();
                writer.release();
                throw new IllegalArgumentException(
                        "budget must be that of the ledger, " + has + ", was " + budget + " (" + path + ")");
            }
            return writer;
        }
    }

    private static Path real(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        Path directory = absolute.getParent();
        Path name = absolute.getFileName();
        if (directory == null || name == null) {
            throw new NoSuchFileException(path.toString());
        }
        return directory.toRealPath().resolve(name);
    }

    private boolean isEnding() {
        synchronized (WRITERS) {
            return ending;
        }
    }

    private static void join(CompletableFuture<Void> future) throws IOException {
        try {
            future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("caller must not be interrupted, was while the ledger was opened");
        } catch (ExecutionException e) {
            // What the writer's thread has thrown, with the trace of the caller.
            Throwable cause = Objects.requireNonNull(e.getCause());
            if (cause instanceof LedgerUnavailableException) {
                throw new LedgerUnavailableException(String.valueOf(cause.getMessage()), cause);
            } else if (cause instanceof IOException io) {
                throw io;
            }
            throw cause instanceof RuntimeException runtime ? runtime : new IllegalStateException(cause);
        }
    }

    /** Ends the writer when nobody has it any more, and waits for it. */
    void release() {
        synchronized (WRITERS) {
            if (--handles > 0) {
                return;
            }
            ending = true;
        }
        submit(new Request.Close());
        try {
            terminated.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    void submit(Request request) {
        queue.add(request);
        RuntimeException reason = dead;
        if (reason != null) {
            refuseQueue(reason);
        }
    }

    Cost cost(PrivacyLoss loss) {
        return filter().cost(loss);
    }

    Budget budget() {
        return filter().budget();
    }

    String name() {
        return Objects.requireNonNull(header).name();
    }

    Cost spent() {
        return filter().spent();
    }

    Cost remaining() {
        return filter().remaining();
    }

    String head() {
        return HexFormat.of().formatHex(hash);
    }

    long reservations() {
        return reservations;
    }

    private Filter filter() {
        return Objects.requireNonNull(filter);
    }

    private LedgerStorage file() {
        return Objects.requireNonNull(file);
    }

    private void start(Mode mode, @Nullable Budget budget) {
        Thread thread = new Thread(() -> run(mode, budget), "aisec-ledger-" + path.getFileName());
        thread.setDaemon(true);
        thread.start();
    }

    private void run(Mode mode, @Nullable Budget budget) {
        RuntimeException reason = new IllegalStateException("ledger must be open, was closed");
        try {
            open(mode, budget);
            opened.complete(null);
            boolean open = true;
            while (open) {
                open = step();
            }
        } catch (IOException | RuntimeException | Error e) {
            if (e instanceof LedgerUnavailableException known) {
                reason = known;
            } else if (e instanceof MalformedInputException) {
                reason = damaged(String.valueOf(e.getMessage()));
            } else {
                reason = new LedgerUnavailableException(
                        "ledger " + path + " must be readable and writable until it is opened anew, was not: " + e, e);
            }
            opened.completeExceptionally(e instanceof IOException ? e : reason);
        } finally {
            end(reason);
        }
    }

    private void end(RuntimeException reason) {
        dead = reason;
        for (Request request : group) {
            request.done(reason);
        }
        refuseQueue(reason);
        for (AutoCloseable closeable : new AutoCloseable[] {file, anchorFile, lockChannel}) {
            try {
                if (closeable != null) {
                    closeable.close();
                }
            } catch (Exception e) {
                // Everything acknowledged was forced before; nothing is lost with the channel.
                reason.addSuppressed(e);
            }
        }
        synchronized (WRITERS) {
            ending = true;
            WRITERS.remove(key, this);
        }
        terminated.complete(null);
    }

    private void refuseQueue(RuntimeException reason) {
        for (Request request = queue.poll(); request != null; request = queue.poll()) {
            request.done(reason);
        }
    }

    /** Takes and answers a group; false at the end. */
    private boolean step() throws IOException {
        gather();
        // From here on an interrupt of the caller does not undo a request.
        group.removeIf(request -> !request.take());
        boolean close = group.stream().anyMatch(request -> request instanceof Request.Close);
        if (!group.isEmpty()) {
            FileLock lock = lock();
            try {
                catchUp();
                append(close);
                for (Request request : group) {
                    if (request instanceof Request.Read read) {
                        read.reader.read(this);
                    }
                }
            } finally {
                lock.release();
            }
            group.forEach(request -> request.done(null));
        }
        group.clear();
        return !close;
    }

    private void gather() {
        try {
            while (group.size() < MAX_GROUP) {
                // That a token was used can wait a while for company, since nobody waits for it.
                Request request = group.isEmpty() ? queue.take() : queue.poll(LAZY_MILLIS, TimeUnit.MILLISECONDS);
                if (request == null) {
                    return;
                }
                group.add(request);
                if (!(request instanceof Request.Used)) {
                    break;
                }
            }
            queue.drainTo(group, MAX_GROUP - group.size());
            // Callers just answered are about to ask again; a force without them would cost them a whole one more.
            long deadline = System.nanoTime() + Math.min(forceNanos / 8, MAX_GATHER_NANOS);
            while (waiting() < lastGroup && group.size() < MAX_GROUP) {
                Request request = queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (request == null) {
                    break;
                }
                group.add(request);
                queue.drainTo(group, MAX_GROUP - group.size());
            }
            lastGroup = waiting();
        } catch (InterruptedException e) {
            // Nobody has this thread to interrupt it; what was taken is handled.
            lastGroup = 0;
        }
    }

    private int waiting() {
        int count = 0;
        for (Request request : group) {
            count += request instanceof Request.Used ? 0 : 1;
        }
        return count;
    }

    private FileLock lock() throws IOException {
        while (true) {
            try {
                return Objects.requireNonNull(lockChannel).lock(Long.MAX_VALUE - 1, 1, false);
            } catch (OverlappingFileLockException e) {
                // Another copy of this class in the process, by another class loader.
                LockSupport.parkNanos(MAX_GATHER_NANOS);
            }
        }
    }

    private void open(Mode mode, @Nullable Budget budget) throws IOException {
        boolean exists = Files.exists(path);
        if (exists && mode == Mode.CREATE) {
            throw new FileAlreadyExistsException(path.toString());
        } else if (exists && !Files.exists(anchorPath)) {
            throw damaged("its anchor is missing");
        } else if (!exists && mode == Mode.OPEN && !Files.exists(anchorPath)) {
            throw new NoSuchFileException(path.toString());
        }
        FileChannel channel = exists || mode == Mode.OPEN
                ? FileChannel.open(anchorPath, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(
                        anchorPath, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        lockChannel = channel;
        anchorFile = seam.apply(new LedgerStorage.Channel(channel));
        FileLock lock = lock();
        try {
            if (!Files.exists(path)) {
                requireNothingSpent();
                if (mode == Mode.OPEN) {
                    throw new NoSuchFileException(path.toString());
                }
                create(Objects.requireNonNull(budget));
            } else if (mode == Mode.CREATE) {
                throw new FileAlreadyExistsException(path.toString());
            }
            file = seam.apply(new LedgerStorage.Channel(
                    FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)));
            fileKey = keyOf(path);
            anchorKey = keyOf(anchorPath);
            header = LedgerFormat.header(read(file(), 0, LedgerFormat.HEADER));
            filter = new Filter(header.budget());
            hash = header.hash();
            anchor = new Anchor(header.id(), 0, LedgerFormat.HEADER, hash);
            catchUp();
        } finally {
            lock.release();
        }
    }

    /** An anchor without a ledger: left by a creation that was cut short, or the ledger was deleted. */
    private void requireNothingSpent() throws IOException {
        LedgerStorage storage = Objects.requireNonNull(anchorFile);
        if (storage.size() > 0) {
            Anchor left = LedgerFormat.anchor(read(storage, 0, LedgerFormat.ANCHOR));
            if (left.records() > 0) {
                throw damaged("it is missing, and its anchor tells of " + left.records() + " records");
            }
        }
    }

    /** The ledger appears whole and after its anchor, or not at all. */
    private void create(Budget budget) throws IOException {
        byte[] id = new byte[16];
        new SecureRandom().nextBytes(id);
        ByteBuffer bytes = LedgerFormat.header(id, budget);
        Header made = LedgerFormat.header(bytes.duplicate());
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try (LedgerStorage storage = seam.apply(new LedgerStorage.Channel(FileChannel.open(
                fresh, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)))) {
            storage.write(bytes, 0);
            storage.force();
        }
        LedgerStorage anchors = Objects.requireNonNull(anchorFile);
        anchors.write(LedgerFormat.anchor(new Anchor(id, 0, LedgerFormat.HEADER, made.hash())), 0);
        anchors.force();
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory =
                FileChannel.open(Objects.requireNonNull(path.getParent()), StandardOpenOption.READ)) {
            directory.force(true);
        } catch (IOException e) {
            // Not every system can open a directory; those that cannot order it with the file.
            LOG.log(System.Logger.Level.DEBUG, "directory of {0} not forced: {1}", path, e);
        }
    }

    /** Reads what others have appended, and checks that the file is the one that it was. */
    private void catchUp() throws IOException {
        if (!Objects.equals(keyOf(path), fileKey) || !Objects.equals(keyOf(anchorPath), anchorKey)) {
            throw damaged("another file stands in its place");
        }
        Header head = Objects.requireNonNull(header);
        LedgerStorage anchors = Objects.requireNonNull(anchorFile);
        if (anchors.size() != LedgerFormat.ANCHOR) {
            throw damaged("its anchor has " + anchors.size() + " bytes");
        }
        Anchor now = LedgerFormat.anchor(read(anchors, 0, LedgerFormat.ANCHOR));
        if (!Arrays.equals(now.id(), head.id())) {
            throw damaged("its anchor is that of another ledger");
        }
        long start = position;
        long size = file().size();
        if (size < start
                || !Arrays.equals(
                        hash,
                        read(file(), start - LedgerFormat.HASH, LedgerFormat.HASH)
                                .array())) {
            throw damaged("what was read before is no longer there");
        }
        boolean behind = now.offset() < start;
        // An anchor always marks the end of the file of its time, and this one was read since.
        if (behind && now.offset() != anchor.offset()) {
            throw damaged("its anchor went back to record " + now.records());
        }
        boolean[] met = {behind || meets(now)};
        boolean whole;
        try {
            whole = walk(
                    start,
                    records,
                    hash,
                    size,
                    entry -> {
                        records = entry.index();
                        hash = entry.hash();
                        if (entry.type() == LedgerFormat.RESERVE) {
                            filter().add(entry.cost());
                            reservations++;
                        }
                    },
                    end -> {
                        position = end;
                        met[0] |= meets(now);
                    });
        } catch (MalformedInputException e) {
            if (!met[0] || !isZero(position, size)) {
                throw e;
            }
            whole = false;
        }
        if (!met[0]) {
            throw damaged("it ends at record " + records + ", and " + now.records() + " were acknowledged");
        }
        if (!whole) {
            // Cut short by a crash while it was written, and beyond all that was acknowledged.
            file().truncate(position);
            file().force();
        }
        anchor = now;
    }

    private boolean meets(Anchor mark) {
        if (position != mark.offset()) {
            return false;
        }
        if (records != mark.records() || !Arrays.equals(hash, mark.hash())) {
            throw damaged("its record " + records + " is not the one that was acknowledged");
        }
        return true;
    }

    /** Decides the requests of the group and writes what was granted. */
    private void append(boolean close) throws IOException {
        ByteBuffer out =
                buffer == null ? ByteBuffer.allocateDirect(MAX_GROUP * LedgerFormat.MAX_RECORD) : buffer.clear();
        buffer = out;
        long millis = System.currentTimeMillis();
        long index = records;
        byte[] head = hash;
        int granted = 0;
        for (Request request : group) {
            if (request instanceof Request.Reserve reserve) {
                if (filter().trySpend(reserve.cost)) {
                    reserve.index = ++index;
                    head = LedgerFormat.reserve(out, digest, head, index, millis, reserve);
                    granted++;
                } else {
                    reserve.fail(filter().exhausted(reserve.cost));
                }
            } else if (request instanceof Request.Used used) {
                head = LedgerFormat.used(out, digest, head, ++index, millis, used.reservation);
            }
        }
        int length = out.flip().remaining();
        if (length > 0) {
            file().write(out, position);
            position += length;
            records = index;
            hash = head;
            reservations += granted;
        }
        if (granted > 0 || close && anchor.offset() < position) {
            long begin = System.nanoTime();
            file().force();
            forceNanos = System.nanoTime() - begin;
            // Before the answers, so that a process killed at any time leaves no acknowledged record beyond it.
            Anchor next = new Anchor(anchor.id(), records, position, hash);
            Objects.requireNonNull(anchorFile).write(LedgerFormat.anchor(next), 0);
            anchor = next;
        }
        if (close) {
            Objects.requireNonNull(anchorFile).force();
        }
    }

    /** Reads and verifies the whole ledger up to here. */
    void scan(Consumer<Entry> entries, Consumer<byte[]> heads) throws IOException {
        Header head = LedgerFormat.header(read(file(), 0, LedgerFormat.HEADER));
        heads.accept(head.hash());
        boolean whole = walk(
                LedgerFormat.HEADER,
                0,
                head.hash(),
                position,
                entry -> {
                    entries.accept(entry);
                    heads.accept(entry.hash());
                },
                end -> {});
        if (!whole) {
            throw damaged("its last record is incomplete");
        }
    }

    /** Visits the records between two offsets; false if the last one is incomplete. */
    private boolean walk(long from, long index, byte[] previous, long to, Consumer<Entry> entries, LongConsumer ends)
            throws IOException {
        ByteBuffer in = ByteBuffer.allocate(1 << 16).limit(0);
        long at = from;
        long last = index;
        byte[] head = previous;
        while (at < to) {
            int before = in.position();
            Entry entry = LedgerFormat.record(in, digest, head, last + 1, at);
            if (entry != null) {
                at += in.position() - before;
                last = entry.index();
                head = entry.hash();
                entries.accept(entry);
                ends.accept(at);
            } else if (at + in.remaining() < to) {
                in = read(file(), at, (int) Math.min(1 << 16, to - at));
            } else {
                LedgerFormat.requireBeginning(in, last + 1, at);
                return false;
            }
        }
        return true;
    }

    private boolean isZero(long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            ByteBuffer in = read(file(), at, (int) Math.min(1 << 16, to - at));
            at += in.remaining();
            while (in.hasRemaining()) {
                if (in.get() != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private ByteBuffer read(LedgerStorage storage, long at, int length) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(length);
        storage.read(in, at);
        if (in.hasRemaining()) {
            throw damaged("it was cut to " + (at + in.position()) + " bytes");
        }
        return in.flip();
    }

    private @Nullable Object keyOf(Path of) throws IOException {
        try {
            return Files.readAttributes(of, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            throw damaged(of.getFileName() + " was deleted");
        }
    }

    private LedgerUnavailableException damaged(String what) {
        return new LedgerUnavailableException("ledger " + path + " must be as it was written, but " + what);
    }
}
