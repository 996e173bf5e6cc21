// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CancellationException;

/**
 * Content in a temporary file that only its owner can read or write. Its name is removed as soon as it is open where the
 * system allows that, so nothing stays behind even if the machine fails; else when it is closed, or at the latest when it is
 * no longer reachable. Reads by several threads take turns.
 */
final class PrivateFile extends Store {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int PART = 8192;

    /** What to release; must not refer to the file object, which the cleaner waits for. */
    private record Held(RandomAccessFile file, Path path) implements Runnable {
        @Override
        public void run() {
            try (file) {
                // Windows removes no open file, so it comes after.
            } catch (IOException e) {
                // Nothing is written any more that could be lost.
                return;
            }
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                path.toFile().deleteOnExit();
            }
        }
    }

    private final RandomAccessFile file;
    private final Cleaner.Cleanable held;
    private long length;

    /** An empty file. */
    PrivateFile() throws IOException {
        Path path = Files.createTempFile("aisec-", ".private", ownerOnly());
        boolean open = false;
        try {
            file = new RandomAccessFile(path.toFile(), "rw");
            open = true;
        } finally {
            if (!open) {
                Files.delete(path);
            }
        }
        held = CLEANER.register(this, new Held(file, path));
        try {
            Files.delete(path);
        } catch (IOException e) {
            // Not removable while open: removed on closing.
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        return Path.of("").getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Copies a stream, at most {@code most} bytes of it. */
    static PrivateFile copyOf(byte[] head, InputStream rest, long most) throws IOException {
        PrivateFile copy = new PrivateFile();
        boolean done = false;
        try {
            copy.append(head, 0, head.length);
            byte[] buffer = new byte[1 << 16];
            for (int n = rest.read(buffer); n >= 0; n = rest.read(buffer)) {
                if (n > most - copy.length) {
                    throw new Refusal(
                            FileRules.TOO_LARGE, -1, "a model file must have <= " + most + " bytes, has more");
                }
                copy.append(buffer, 0, n);
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("interrupted while reading a model file");
                }
            }
            done = true;
            return copy;
        } finally {
            if (!done) {
                copy.close();
            }
        }
    }

    /** Copies a store; shorter if the store is. */
    static PrivateFile copyOf(Store store, long length) throws IOException {
        PrivateFile copy = new PrivateFile();
        boolean done = false;
        try {
            byte[] buffer = new byte[1 << 18];
            while (copy.length < length) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("interrupted while reading a model file");
                }
                int wanted = (int) Math.min(buffer.length, length - copy.length);
                int n = store.read(copy.length, buffer, 0, wanted);
                copy.append(buffer, 0, n);
                if (n < wanted) {
                    break;
                }
            }
            done = true;
            return copy;
        } finally {
            if (!done) {
                copy.close();
            }
        }
    }

    /** Adds bytes at the end. */
    synchronized void append(byte[] bytes, int from, int count) throws IOException {
        try {
            file.seek(length);
            file.write(bytes, from, count);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write a private file in " + System.getProperty("java.io.tmpdir") + ": " + e.getMessage(),
                    e);
        }
        length += count;
    }

    @Override
    synchronized long length() {
        return length;
    }

    /** Not by a channel: an interrupt of whoever reads would close it, and the content would be lost. */
    @Override
    synchronized int read(long offset, byte[] into, int from, int count) throws IOException {
        file.seek(offset);
        int done = 0;
        while (done < count) {
            int n = file.read(into, from + done, Math.min(PART, count - done));
            if (n < 0) {
                break;
            }
            done += n;
        }
        return done;
    }

    @Override
    public void close() {
        held.clean();
    }
}
