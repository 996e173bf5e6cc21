// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.provenance.internal.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Verification of model files before anything is loaded (clause 7.3.4-2). Readers look at the structure; then one pass over
 * the file hashes it, compares checksums, looks at every number, and compares what it reads with what the readers saw, so a
 * file that changes meanwhile is refused. Memory does not grow with the file, but for 8 bytes for each 64 KiB that readers
 * look at and 32 for each shard.
 *
 * <p>An interrupt ends it with a {@link CancellationException}. Files that it opens or makes are given back whatever happens;
 * only an accepted model keeps some, see {@link VerifiedModel}.
 *
 * @param policy what a file may hold
 * @param formats the formats to recognise, in order of preference
 * @param shards hashing by parts; empty for the SHA-256 of the whole file
 * @param privateCopy whether a file that is too large for memory is copied to a private file, and the copy verified
 * @param signed digests, as {@link ModelReport#digest} prints them, that verified signatures cover
 */
public record ModelVerifier(
        VerificationPolicy policy,
        List<ModelFormat> formats,
        Optional<Shards> shards,
        boolean privateCopy,
        Set<String> signed) {
    /** Copies the collections. */
    public ModelVerifier {
        formats = List.copyOf(formats);
        signed = Set.copyOf(signed);
    }

    /**
     * A verifier that hashes whole files.
     *
     * @param policy what a file may hold
     * @param formats the formats to recognise, in order of preference
     */
    public ModelVerifier(VerificationPolicy policy, List<ModelFormat> formats) {
        this(policy, formats, Optional.empty(), false, Set.of());
    }

    /**
     * The strict policy, all formats.
     *
     * @return the verifier
     */
    public static ModelVerifier standard() {
        return of(VerificationPolicy.strict());
    }

    /**
     * All formats.
     *
     * @param policy what a file may hold
     * @return the verifier
     */
    public static ModelVerifier of(VerificationPolicy policy) {
        return new ModelVerifier(policy, ModelFormats.builtIn());
    }

    /**
     * The same verifier, which hashes by parts with the help of other threads; the result does not depend on how many.
     *
     * @param bytes length of a part, for example {@code 1 << 20}; see {@link Shards}
     * @param executor runs tasks that help; it stays the caller's
     * @param helpers how many tasks, for example one less than there are processors
     * @return the verifier
     */
    public ModelVerifier withShards(int bytes, Executor executor, int helpers) {
        return new ModelVerifier(
                policy, formats, Optional.of(new Shards(bytes, executor, helpers)), privateCopy, signed);
    }

    /**
     * The same verifier, which copies a file that is too large for memory to a private file, and verifies and keeps the copy.
     *
     * @return the verifier
     */
    public ModelVerifier withPrivateCopy() {
        return new ModelVerifier(policy, formats, shards, true, signed);
    }

    /**
     * The same verifier, told which content is signed; a policy can demand that.
     *
     * @param digests {@code sha256:} and the SHA-256 of each file that a verified signature covers; the signing package
     *     gives them
     * @return the verifier
     */
    public ModelVerifier withSigned(Set<String> digests) {
        return new ModelVerifier(policy, formats, shards, privateCopy, digests);
    }

    /**
     * The same verifier with another policy.
     *
     * @param other what a file may hold
     * @return the verifier
     */
    public ModelVerifier withPolicy(VerificationPolicy other) {
        return new ModelVerifier(other, formats, shards, privateCopy, signed);
    }

    /**
     * Verifies a file. Symbolic links are followed; the file that is found is opened once.
     *
     * @param file a regular file
     * @return the answer
     * @throws IOException if the file is missing, is a directory, device or pipe, or cannot be read
     */
    public ModelReport verify(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file + ": no such file");
        }
        // A pipe would block when opened, a device has no end.
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": must be a regular file");
        }
        Path last = file.getFileName();
        return verify(
                Store.owned(FileChannel.open(file, StandardOpenOption.READ)),
                last == null ? file.toString() : last.toString());
    }

    /**
     * Verifies the content of a channel, from its first byte whatever its position is. The position is put back, and the
     * channel stays open. A model from it that is larger than {@link Limits#memoryBytes()} reads the channel again, unless
     * {@link #withPrivateCopy()} was asked for.
     *
     * @param channel the content
     * @param name what to call it; its extension is compared with the content
     * @return the answer
     * @throws IOException if the content cannot be read, or a private file cannot be written
     */
    public ModelReport verify(SeekableByteChannel channel, String name) throws IOException {
        return verify(Store.of(channel), name);
    }

    /**
     * Verifies the content of a stream, which is read to its end and not closed. Content beyond
     * {@link Limits#memoryBytes()} goes to a private file first.
     *
     * @param stream the content
     * @param name what to call it; its extension is compared with the content
     * @return the answer
     * @throws IOException if the content cannot be read, or a private file cannot be written
     */
    public ModelReport verify(InputStream stream, String name) throws IOException {
        long most = policy.limits().fileBytes();
        byte[] head = stream.readNBytes((int) Math.min(policy.limits().memoryBytes() + 1L, most));
        if (head.length <= policy.limits().memoryBytes() && head.length < most) {
            return verify(Store.of(head), name);
        }
        int more = head.length < most ? 0 : stream.read();
        if (head.length == most) {
            return more >= 0 ? tooLarge(most + 1, name) : verify(Store.of(head), name);
        }
        PrivateFile copy;
        try {
            copy = PrivateFile.copyOf(head, stream, most);
        } catch (Refusal e) {
            return tooLarge(most + 1, name);
        }
        return verify(copy, name);
    }

    /**
     * Verifies bytes.
     *
     * @param bytes the content of a file; copied, so that what is verified cannot change
     * @param name what to call it; its extension is compared with the content
     * @return the answer
     * @throws IOException if a private file for inflated content cannot be written
     */
    public ModelReport verify(byte[] bytes, String name) throws IOException {
        return verify(Store.of(bytes.clone()), name);
    }

    /** Takes over the store. */
    private ModelReport verify(Store given, String name) throws IOException {
        Store store = given;
        boolean kept = false;
        try {
            long length = store.length();
            if (length > policy.limits().fileBytes()) {
                return tooLarge(length, name);
            }
            if (!(store instanceof Store.Memory) && length <= policy.limits().memoryBytes()) {
                byte[] bytes = inMemory(store, (int) length);
                store.close();
                store = Store.of(bytes);
                if (bytes.length != length) {
                    return refused(
                            new Refusal(FileRules.CHANGED, -1, "the file must keep its length of " + length),
                            length,
                            name);
                }
            } else if (privateCopy && !(store instanceof Store.Memory) && !(store instanceof PrivateFile)) {
                PrivateFile copy = PrivateFile.copyOf(store, length);
                store.close();
                store = copy;
                if (copy.length() != length) {
                    return refused(
                            new Refusal(FileRules.CHANGED, -1, "the file must keep its length of " + length),
                            length,
                            name);
                }
            }
            ModelReport report = inspect(store, length, name);
            kept = report.model().isPresent();
            return report;
        } catch (ClosedByInterruptException e) {
            CancellationException cancelled = new CancellationException("interrupted while reading a model file");
            cancelled.initCause(e);
            throw cancelled;
        } finally {
            if (!kept) {
                store.close();
            }
        }
    }

    /** One byte more if there are more. */
    private static byte[] inMemory(Store store, int length) throws IOException {
        byte[] bytes = new byte[length];
        int there = store.read(0, bytes, 0, length);
        return there < length || store.read(length, new byte[1], 0, 1) == 0
                ? Arrays.copyOf(bytes, there)
                : Arrays.copyOf(bytes, length + 1);
    }

    private ModelReport tooLarge(long length, String name) {
        long most = policy.limits().fileBytes();
        return refused(
                new Refusal(FileRules.TOO_LARGE, -1, "a model file must have <= " + most + " bytes, has more"),
                length,
                name);
    }

    private ModelReport refused(Refusal refusal, long length, String name) {
        Inspection.Shared shared = new Inspection.Shared(policy, formats, ByteSource.of(new byte[0]));
        new Inspection(shared, "", 0).report(refusal.rule(), refusal.offset(), String.valueOf(refusal.getMessage()));
        return report(shared, "unknown", name, "", length, List.of(), null);
    }

    private ModelReport inspect(Store store, long length, String name) throws IOException {
        boolean moving = !(store instanceof Store.Memory) && !(store instanceof PrivateFile);
        FirstReads reads = moving ? new FirstReads() : null;
        ByteSource source = store instanceof Store.Memory memory
                ? ByteSource.of(memory.bytes)
                : new StoredSource(store, length, reads);
        try (Inspection.Shared shared = new Inspection.Shared(policy, formats, source)) {
            String format = read(source, name, shared);
            Inspection inspection = new Inspection(shared, "", 0);
            byte[] digest = null;
            try {
                Sweep sweep = new Sweep(store, length, reads, shared.scans.pieces(!shared.refused()), shards);
                digest = sweep.run();
                if (moving && store.read(length, new byte[1], 0, 1) > 0) {
                    digest = null;
                    throw new Refusal(
                            FileRules.CHANGED, -1, "the file must keep its length of " + length + ", became longer");
                }
            } catch (Refusal e) {
                if (shared.rules.stream().noneMatch(e.rule()::equals)) {
                    inspection.report(e.rule(), e.offset(), String.valueOf(e.getMessage()));
                }
            }
            if (digest == null) {
                return report(shared, format, name, "", length, List.of(), null);
            }
            byte[] root = shards.isPresent() ? Sha256.create().digest(digest) : digest;
            String named = shards.map(Shards::prefix).orElse(Sha256.PREFIX)
                    + HexFormat.of().formatHex(root);
            boolean numbers = !shared.refused();
            shared.scans.judgeChecksums();
            List<TensorStatistics> parameters =
                    numbers && !shared.refused() ? shared.scans.judgeNumbers(shared) : List.of();
            if (numbers && !shared.refused()) {
                policy.judge(shared.structure(format), inspection);
                policy.judgeSignature(named, signed, inspection);
            }
            return report(
                    shared,
                    format,
                    name,
                    named,
                    length,
                    parameters,
                    shared.refused() ? null : custody(store, length, digest));
        }
    }

    private String read(ByteSource source, String name, Inspection.Shared shared) throws IOException {
        Inspection inspection = new Inspection(shared, "", 0);
        String format = "unknown";
        try {
            boolean empty = source.length() == 0;
            List<ModelFormat> claims = empty ? List.of() : Recognition.of(name, source, inspection, formats);
            if (claims.isEmpty() && Entries.document(name, source, inspection)) {
                inspection.report(FileRules.TEXT, -1, "the file is text and was not judged");
                return "text";
            }
            if (empty) {
                throw new Refusal(FileRules.EMPTY, -1, "a model file must have bytes, has none");
            }
            if (claims.isEmpty()) {
                throw new Refusal(FileRules.UNKNOWN_FORMAT, 0, "content must be of a known format, is of none");
            }
            format = claims.get(0).name();
            for (ModelFormat claim : claims) {
                inspection.read(claim, source);
            }
        } catch (Refusal e) {
            inspection.report(e.rule(), e.offset(), String.valueOf(e.getMessage()));
        }
        return format;
    }

    private Custody custody(Store store, long length, byte[] digest) {
        if (store instanceof Store.Memory memory) {
            return Custody.memory(memory.bytes);
        }
        if (store instanceof PrivateFile file) {
            return Custody.of(file);
        }
        return shards.map(s -> Custody.shards(store, length, s.bytes(), digest))
                .orElseGet(() -> Custody.lazy(store, length, digest));
    }

    private ModelReport report(
            Inspection.Shared shared,
            String format,
            String name,
            String digest,
            long length,
            List<TensorStatistics> parameters,
            @Nullable Custody custody) {
        ModelStructure structure = shared.structure(format);
        Verdict verdict = shared.rules.stream().anyMatch(r -> r.effect() == Rule.Effect.REJECT)
                ? Verdict.REJECT
                : shared.rules.isEmpty() ? Verdict.ACCEPT : Verdict.CANNOT_INSPECT;
        return new ModelReport(
                new Verification(Technique.MODEL_FILE_VERIFICATION, name, verdict, shared.findings),
                structure,
                digest,
                length,
                shared.listings,
                shared.names,
                parameters,
                policy.toString(),
                verdict == Verdict.ACCEPT && custody != null
                        ? Optional.of(new VerifiedModel(structure, digest, custody, policy))
                        : Optional.empty());
    }
}
