// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.MalformedInputException;
import dev.aisec.provenance.internal.Sha256;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Digests of files that were verified before, so that a large folder need not be read again when one file of it was
 * changed. Opt-in: a verification without this argument reads every byte.
 *
 * <p>A digest is taken from the cache only if path, size, time of modification, time of change of the inode, device and
 * inode are what they were when the file was read, the file was not touched in the five seconds before that, and the
 * verification ended with {@code ACCEPT}. The signature is verified each time; the cache only stands for reading the
 * file. The report says how many files were not read ({@code signature.cached}).
 *
 * <p>What that is worth:
 *
 * <ul>
 *   <li>Who can write <b>to the folder</b> can change a file and set size and time of modification back, but not the time
 *       of change, which the kernel sets. So the cache needs a file system that has it, and refuses to work without
 *       (Windows). It does not help against someone who is root, sets the clock, writes to the disk beneath the file
 *       system, keeps a writable memory map open since before, or serves the file system over a network. Against these,
 *       read the files: do not use a cache.
 *   <li>Who can write <b>to the cache file</b> and does not have the key can delete it, which costs time, or put an
 *       earlier state of it back, whose digests are still those of the files they were taken from. Its entries are
 *       authenticated with HMAC-SHA-256 under a key of the caller's; any change is an exception.
 *   <li>Who has <b>the key</b> can make any file pass that bears its name. Keep it away from who can write the models.
 *   <li>Bit rot is not seen, since nothing is read.
 * </ul>
 *
 * <p>Thread-safe within a process. Two processes should not share a cache file: the later one wins, which costs time only.
 */
public final class HashCache {
    private static final byte[] MAGIC = "aisec-hash-cache-1\n".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_BYTES = 512 << 20;
    private static final int MIN_KEY = 32;

    /** Coarse times: two changes within one tick of the clock look alike. */
    private static final long SETTLED = Duration.ofSeconds(5).toNanos();

    private final Path file;
    private final SecretKeySpec key;
    private volatile Map<Place, Known> entries;

    private record Place(String path, long start, long end) {}

    private record Known(FileState state, byte[] digest, String signature) {}

    private HashCache(Path file, SecretKeySpec key, Map<Place, Known> entries) {
        this.file = file;
        this.key = key;
        this.entries = entries;
    }

    /**
     * Opens a cache, or begins an empty one if there is no such file. The file is written after each accepted
     * verification, so that only its owner may read it.
     *
     * @param file where it is kept; not in the folder of a model
     * @param key for the authentication, at least 32 random bytes, secret from whoever can write the models or this file
     * @return the cache
     * @throws IOException if the file cannot be read, or others than its owner may
     * @throws MalformedInputException if it was not written with this key, or was changed
     */
    public static HashCache open(Path file, byte[] key) throws IOException {
        if (key.length < MIN_KEY) {
            throw new IllegalArgumentException("key must have >= " + MIN_KEY + " bytes, had " + key.length);
        }
        SecretKeySpec secret = new SecretKeySpec(key, "HmacSHA256");
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return new HashCache(file, secret, Map.of());
        }
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
            for (PosixFilePermission permission : permissions) {
                if (!permission.name().startsWith("OWNER_")) {
                    throw new IOException(file + ": only its owner may have permissions, has " + permission);
                }
            }
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        }
        int head = MAGIC.length + Sha256.LENGTH;
        if (bytes.length > MAX_BYTES
                || bytes.length < head
                || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
                || !MessageDigest.isEqual(Arrays.copyOfRange(bytes, MAGIC.length, head), mac(secret, bytes, head))) {
            throw new MalformedInputException(0, file + ": must be a hash cache written with this key, and unchanged");
        }
        return new HashCache(file, secret, parse(Arrays.copyOfRange(bytes, head, bytes.length)));
    }

    private static byte[] mac(SecretKeySpec key, byte[] bytes, int from) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            mac.update(bytes, from, bytes.length - from);
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK knows HmacSHA256", e);
        }
    }

    /** Its bytes are our own: the authentication comes first. */
    private static Map<Place, Known> parse(byte[] body) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
        Map<Place, Known> entries = new HashMap<>();
        int count = in.readInt();
        for (int i = 0; i < count; i++) {
            Place place = new Place(text(in), in.readLong(), in.readLong());
            FileState state = new FileState(FileState.Kind.FILE, in.readLong(), in.readLong(), in.readLong(), text(in));
            byte[] digest = new byte[Sha256.LENGTH];
            in.readFully(digest);
            entries.put(place, new Known(state, digest, text(in)));
        }
        return Map.copyOf(entries);
    }

    private static String text(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** The digest of a piece whose file is as it was. */
    byte @Nullable [] find(FileHasher.Piece piece) {
        Known known = entries.get(place(piece));
        FileState state = piece.entry().state();
        return known == null
                        || state.changed() < 0
                        || state.key().isEmpty()
                        || !known.state().equals(state)
                ? null
                : known.digest();
    }

    private static Place place(FileHasher.Piece piece) {
        return new Place(piece.entry().path().toUri().getRawPath(), piece.start(), piece.end());
    }

    /**
     * Keeps what a verification has accepted, in place of what was known of that model.
     *
     * @param root the model
     * @param began when reading began, nanoseconds since 1970
     * @param signature digest of the verified signature file
     */
    synchronized void keep(
            Path root, long began, String signature, List<FileHasher.Piece> pieces, List<FileHasher.Result> results)
            throws IOException {
        String prefix = root.toUri().getRawPath();
        Map<Place, Known> kept = new HashMap<>();
        entries.forEach((place, known) -> {
            boolean inside = place.path().equals(prefix)
                    || place.path().startsWith(prefix.endsWith("/") ? prefix : prefix + "/");
            if (!inside) {
                kept.put(place, known);
            }
        });
        for (int i = 0; i < pieces.size(); i++) {
            FileState state = pieces.get(i).entry().state();
            if (state.changed() < 0 || state.key().isEmpty()) {
                throw new IOException(
                        root + ": a hash cache needs a file system with inodes and times of change, has none");
            }
            boolean settled = state.changed() < began - SETTLED && state.modified() < began - SETTLED;
            if (settled || results.get(i).cached()) {
                kept.put(place(pieces.get(i)), new Known(state, results.get(i).digest(), signature));
            }
        }
        entries = Map.copyOf(kept);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeInt(kept.size());
        for (Map.Entry<Place, Known> entry : kept.entrySet()) {
            text(out, entry.getKey().path());
            out.writeLong(entry.getKey().start());
            out.writeLong(entry.getKey().end());
            FileState state = entry.getValue().state();
            out.writeLong(state.size());
            out.writeLong(state.modified());
            out.writeLong(state.changed());
            text(out, state.key());
            out.write(entry.getValue().digest());
            text(out, entry.getValue().signature());
        }
        byte[] content = body.toByteArray();
        if (content.length > MAX_BYTES - 100) {
            throw new IOException(file + ": a hash cache must have <= " + MAX_BYTES + " bytes");
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream(content.length + 100);
        whole.writeBytes(MAGIC);
        whole.writeBytes(mac(key, content, 0));
        whole.writeBytes(content);
        SafeFiles.replace(file, whole.toByteArray(), true);
    }

    /**
     * How many digests it has.
     *
     * @return of files and parts of files
     */
    public int size() {
        return entries.size();
    }
}
