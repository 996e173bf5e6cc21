// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.provenance.internal.Sha256;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Verifies signatures of models: OpenSSF Model Signing (OMS) v1.0, methods {@code key} and {@code certificate}, files and
 * shards, SHA-256.
 *
 * <p>Guarantee: with {@code ACCEPT}, a trusted signer signed a list of files, and every file of the list, and no other
 * outside the paths that the findings name, was in the folder with these bytes when it was read. Any other state of the
 * bundle, of the folder or of the trust gives {@code REJECT} or {@code CANNOT_INSPECT} with findings
 * ({@link SignatureRule}); nothing about bundle or files is an exception. The model is not read before the signature
 * proved good.
 *
 * <p>Limits:
 *
 * <ul>
 *   <li>It says what the files were while they were read. What is loaded later must be the same bytes: verify a copy that
 *       nobody else can write, or compare what is read with {@link SignedModel#digests}. A change that happens during the
 *       verification is found by size, times and inode, before and after, and by listing the folder twice.
 *   <li>Someone who can exchange a file for a named pipe between listing and opening it can make the verification wait.
 *   <li>Empty folders are not signed, nor, with shards, empty files.
 *   <li>Keyless bundles of Sigstore are {@code CANNOT_INSPECT}. The deprecated format of version 0.2.0, whose encoding of
 *       the signed bytes was wrong, is rejected.
 *   <li>BLAKE2 and BLAKE3 are {@code CANNOT_INSPECT}.
 * </ul>
 *
 * <p>Source: <a href="https://github.com/ossf/model-signing-spec">OMS v1.0</a>, DSSE v1.0, in-toto Statement v1.
 */
public final class ModelSignatures {
    private ModelSignatures() {}

    /**
     * Verifies a model with {@link SignaturePolicy#standard}.
     *
     * @param model a folder or a file
     * @param signature the bundle
     * @param trust whose signatures count
     * @return the answer
     * @throws IOException if a file cannot be read for reasons of the system
     */
    public static SignatureReport verify(Path model, Path signature, SignatureTrust trust) throws IOException {
        return verify(model, signature, trust, SignaturePolicy.standard());
    }

    /**
     * Verifies a model.
     *
     * @param model a folder or a file
     * @param signature the bundle
     * @param trust whose signatures count
     * @param policy what is accepted
     * @return the answer
     * @throws IOException if a file cannot be read for reasons of the system
     */
    public static SignatureReport verify(Path model, Path signature, SignatureTrust trust, SignaturePolicy policy)
            throws IOException {
        return new Check(model, signature, trust, policy, null).run();
    }

    /**
     * Verifies a model, without reading files again that the cache knows. {@link HashCache} tells what that is worth.
     *
     * @param model a folder or a file
     * @param signature the bundle
     * @param trust whose signatures count
     * @param policy what is accepted
     * @param cache digests of files that were verified before; kept up to date
     * @return the answer
     * @throws IOException if a file cannot be read for reasons of the system, or the cache not be written
     */
    public static SignatureReport verify(
            Path model, Path signature, SignatureTrust trust, SignaturePolicy policy, HashCache cache)
            throws IOException {
        return new Check(model, signature, trust, policy, cache).run();
    }

    /** The signature file, at most one byte more than a bundle may have. */
    static byte[] readBundle(Path signature) throws IOException {
        if (Files.exists(signature) && !Files.isRegularFile(signature)) {
            throw new IOException(signature + ": a signature must be a file");
        }
        try (InputStream in = Files.newInputStream(signature)) {
            return in.readNBytes(Bundle.MAX_BYTES + 1);
        }
    }

    /** The names that the signature file has inside a model, if it is there: itself, and a link that was given for it. */
    static Set<String> namesInside(Path root, Path signature) throws IOException {
        Set<String> names = new HashSet<>();
        Path absolute = signature.toAbsolutePath();
        Path parent = absolute.getParent();
        if (parent != null && absolute.getFileName() != null) {
            addInside(root, parent.toRealPath().resolve(absolute.getFileName()), names);
        }
        if (Files.exists(signature)) {
            addInside(root, signature.toRealPath(), names);
        }
        return names;
    }

    private static void addInside(Path root, Path real, Set<String> names) {
        if (!real.startsWith(root) || real.equals(root)) {
            return;
        }
        StringBuilder name = new StringBuilder();
        Path at = root;
        for (Path part : root.relativize(real)) {
            at = at.resolve(part);
            Optional<String> text = Names.of(at);
            if (text.isEmpty()) {
                return;
            }
            name.append(name.length() == 0 ? "" : "/").append(text.get());
        }
        names.add(name.toString());
    }

    /** One verification. All state is in here, so that nothing of one leaks into the next. */
    private static final class Check {
        private final Path model;
        private final Path signature;
        private final SignatureTrust trust;
        private final SignaturePolicy policy;
        private final @Nullable HashCache cache;
        private final Findings findings = new Findings();
        private @Nullable SignedModel signed;

        Check(Path model, Path signature, SignatureTrust trust, SignaturePolicy policy, @Nullable HashCache cache) {
            this.model = model;
            this.signature = signature;
            this.trust = trust;
            this.policy = policy;
            this.cache = cache;
        }

        SignatureReport run() throws IOException {
            Path root = model.toRealPath();
            byte[] json = readBundle(signature);
            try {
                Bundle bundle = Bundle.parse(json);
                Signer signer = signer(bundle);
                if (!signer.key().verify(Bundle.preAuthenticationEncoding(bundle.payload()), bundle.signature())) {
                    throw new Refusal(
                            SignatureRule.INVALID,
                            "the signature must be over the payload and by " + signer.name() + ", is not");
                }
                if (bundle.unverified()) {
                    findings.add(SignatureRule.UNVERIFIED_MATERIAL, "", "log entries or time stamps were not checked");
                }
                Manifest manifest = Manifest.parse(bundle.payload());
                signed = SignedModel.of(signer.name(), signer.key().algorithm(), manifest, 0, List.of());
                compare(root, manifest, signer, json);
            } catch (Refusal refusal) {
                findings.add(refusal);
            }
            Path name = root.getFileName();
            Verification verification = new Verification(
                    Technique.MODEL_FILE_VERIFICATION,
                    Text.shown(name == null ? root.toString() : name.toString()),
                    findings.verdict(),
                    findings.list());
            return new SignatureReport(verification, Optional.ofNullable(signed), policy.text());
        }

        /** Who signed, once it is known that the trust covers it. */
        private record Signer(VerificationKey key, String name) {}

        private Signer signer(Bundle bundle) {
            Bundle.Material material = bundle.material();
            if (material instanceof Bundle.Keyless) {
                throw new Refusal(
                        SignatureRule.KEYLESS,
                        "a keyless signature needs Sigstore's trust root, which aisec does not have");
            }
            if (material instanceof Bundle.Chain chain) {
                if (!(trust instanceof TrustAnchors anchors)) {
                    throw new Refusal(
                            SignatureRule.METHOD, "the bundle must be signed by a trusted key, is by a certificate");
                }
                X509Certificate certificate = Certificates.signer(chain.certificates(), anchors);
                try {
                    VerificationKey key = Certificates.key(certificate);
                    findings.add(SignatureRule.REVOCATION, "", "revocation was not asked");
                    return new Signer(key, "certificate " + Certificates.name(certificate) + " of " + key);
                } catch (IllegalArgumentException e) {
                    throw new Refusal(SignatureRule.UNSUPPORTED, String.valueOf(e.getMessage()));
                }
            }
            if (!(trust instanceof TrustedKeys keys)) {
                throw new Refusal(
                        SignatureRule.METHOD,
                        "the bundle must be signed by a certificate under a trusted root, is by a" + " bare key");
            }
            VerificationKey key = material instanceof Bundle.RawKey raw
                    ? byBytes(raw, keys)
                    : byHint(((Bundle.Hint) material).hint(), keys);
            return new Signer(key, "key " + key);
        }

        private static VerificationKey byHint(String hint, TrustedKeys keys) {
            for (VerificationKey key : keys.keys()) {
                if (key.hint().equals(hint)) {
                    return key;
                }
            }
            throw new Refusal(
                    SignatureRule.UNTRUSTED_KEY,
                    "the key must be " + (keys.keys().size() == 1 ? "" : "one of ")
                            + keys.keys().stream()
                                    .map(VerificationKey::hint)
                                    .sorted()
                                    .limit(10)
                                    .toList()
                            + ", is " + Text.quote(hint));
        }

        /** Bundles before v1.1.0 hold the PEM text of the key. It counts for nothing but to find the trusted one. */
        private static VerificationKey byBytes(Bundle.RawKey raw, TrustedKeys keys) {
            VerificationKey key;
            try {
                key = raw.bytes().length > 0 && raw.bytes()[0] == Der.SEQUENCE
                        ? VerificationKey.of(raw.bytes())
                        : VerificationKey.fromPem(raw.bytes());
            } catch (IllegalArgumentException e) {
                throw new Refusal(SignatureRule.VERIFICATION_MATERIAL, "rawBytes of publicKey: " + e.getMessage());
            }
            if (raw.details().isPresent()
                    && !raw.details().get().equals(key.algorithm().sigstoreName())) {
                throw new Refusal(
                        SignatureRule.VERIFICATION_MATERIAL,
                        "keyDetails must be that of the key, " + key.algorithm().sigstoreName() + ", was "
                                + Text.quote(raw.details().get()));
            }
            return byHint(key.hint(), keys);
        }

        private void compare(Path root, Manifest manifest, Signer signer, byte[] json) throws IOException {
            long began = TimeUnit.MILLISECONDS.toNanos(Instant.now().toEpochMilli());
            Set<String> own = namesInside(root, signature);
            Map<String, List<Manifest.Resource>> expected = manifest.files();
            requireIgnorable(manifest, own, expected);
            Set<String> ignored = new HashSet<>(manifest.ignored());
            if (policy.gitIgnored()) {
                for (String path : SignaturePolicy.GIT_PATHS) {
                    if (expected.keySet().stream().noneMatch(name -> isWithin(name, path))) {
                        ignored.add(path);
                    }
                }
            }
            ignored.addAll(own);
            ignored.addAll(policy.ignored());
            SymlinkPolicy links = manifest.symlinks() ? policy.symlinks() : SymlinkPolicy.REFUSE;
            boolean single = Files.isRegularFile(root);
            if (!single && !Files.isDirectory(root)) {
                throw new IOException(model + ": a model must be a file or a folder");
            }
            Folder folder = single ? Folder.single(root) : Folder.list(root, ignored, links);
            expected = named(expected, folder);
            List<FileHasher.Piece> pieces = new ArrayList<>();
            List<Manifest.Resource> wanted = new ArrayList<>();
            long bytes = match(manifest, expected, folder, pieces, wanted);
            signed = SignedModel.of(signer.name(), signer.key().algorithm(), manifest, bytes, List.of());
            List<FileHasher.Result> results = FileHasher.hash(pieces, policy.parallelism(), cache);
            int cached = report(pieces, wanted, results);
            if (!single && !folder.equals(Folder.list(root, ignored, links))) {
                findings.add(SignatureRule.CHANGED, "", "the folder must not change while it is verified, has");
            }
            describe(folder, own);
            if (cached > 0) {
                findings.add(
                        SignatureRule.CACHED,
                        "",
                        cached + " of " + pieces.size() + " files or parts were not read again");
            }
            if (cache != null && findings.verdict() == Verdict.ACCEPT) {
                cache.keep(root, began, HexFormat.of().formatHex(Sha256.of(json)), pieces, results);
            }
        }

        private void requireIgnorable(
                Manifest manifest, Set<String> own, Map<String, List<Manifest.Resource>> expected) {
            for (String path : manifest.ignored()) {
                if (policy.ignorable().isPresent() && !policy.ignorable().get().contains(path) && !own.contains(path)) {
                    throw new Refusal(
                            SignatureRule.IGNORED_PATH,
                            "the signer may leave out "
                                    + new TreeSet<>(policy.ignorable().get())
                                    + ", left out " + Text.quote(path));
                }
            }
            Set<String> left = manifest.ignored();
            for (String name : expected.keySet()) {
                if (isBelow(name, left)) {
                    throw new Refusal(
                            SignatureRule.IGNORED_PATH,
                            "a path must be signed or left out, is both: " + Text.quote(name));
                }
            }
        }

        /** Whether a name is one of these or stands in one of them. */
        private static boolean isBelow(String name, Set<String> paths) {
            for (int end = name.length(); end > 0 && !paths.isEmpty(); end = name.lastIndexOf('/', end - 1)) {
                if (paths.contains(name.substring(0, end))) {
                    return true;
                }
            }
            return false;
        }

        private static boolean isWithin(String name, String path) {
            return name.equals(path) || name.startsWith(path + "/");
        }

        /** Gives the single file of an old signature its name. */
        private Map<String, List<Manifest.Resource>> named(
                Map<String, List<Manifest.Resource>> expected, Folder folder) {
            List<Manifest.Resource> parts = expected.get(Manifest.UNNAMED);
            if (parts == null) {
                return expected;
            }
            findings.add(SignatureRule.UNNAMED_FILE, "", "the name of the file is not signed");
            if (folder.files().size() != 1) {
                throw new Refusal(
                        SignatureRule.UNSIGNED_FILE,
                        "a signature over a single file without name needs one file, there are "
                                + folder.files().size());
            }
            Map<String, List<Manifest.Resource>> named = new LinkedHashMap<>();
            named.put(folder.files().keySet().iterator().next(), parts);
            return named;
        }

        /** Compares names and sizes; collects what must be hashed. Returns the length of the files. */
        private long match(
                Manifest manifest,
                Map<String, List<Manifest.Resource>> expected,
                Folder folder,
                List<FileHasher.Piece> pieces,
                List<Manifest.Resource> wanted) {
            long bytes = 0;
            Set<String> faulty = new HashSet<>();
            for (Folder.Fault fault : folder.faults()) {
                faulty.add(fault.name());
                findings.add(fault.rule(), Text.shown(fault.name()), fault.message());
            }
            for (Map.Entry<String, Folder.Entry> file : folder.files().entrySet()) {
                List<Manifest.Resource> parts = expected.get(file.getKey());
                long size = file.getValue().state().size();
                if (parts == null) {
                    unsigned(manifest, file.getKey(), size);
                    continue;
                }
                bytes += size;
                long end = parts.get(parts.size() - 1).end();
                if (end >= 0 && end != size) {
                    findings.add(
                            SignatureRule.SIZE_MISMATCH,
                            Text.shown(file.getKey()),
                            "the file must have " + end + " bytes, has " + size);
                    continue;
                }
                for (Manifest.Resource part : parts) {
                    pieces.add(new FileHasher.Piece(file.getValue(), part.start(), part.end() < 0 ? size : part.end()));
                    wanted.add(part);
                }
            }
            for (String name : expected.keySet()) {
                // A fault of its own, or of a folder above it, says enough.
                if (!folder.files().containsKey(name) && !isBelow(name, faulty)) {
                    findings.add(SignatureRule.MISSING_FILE, Text.shown(name), "the file was signed, is not there");
                }
            }
            return bytes;
        }

        private void unsigned(Manifest manifest, String name, long size) {
            if (manifest.shardSize() > 0 && size == 0) {
                findings.add(SignatureRule.EMPTY_FILE, Text.shown(name), "an empty file is not signed with shards");
            } else if (policy.unsignedFiles()) {
                findings.tolerate(SignatureRule.UNSIGNED_FILE, Text.shown(name), "the file was not signed; let pass");
            } else {
                findings.add(SignatureRule.UNSIGNED_FILE, Text.shown(name), "the file was not signed");
            }
        }

        private int report(
                List<FileHasher.Piece> pieces, List<Manifest.Resource> wanted, List<FileHasher.Result> results) {
            int cached = 0;
            for (int i = 0; i < pieces.size(); i++) {
                Manifest.Resource resource = wanted.get(i);
                FileHasher.Result result = results.get(i);
                Path file = pieces.get(i).entry().path();
                String name = resource.path().equals(Manifest.UNNAMED)
                        ? Names.of(file).orElse(Manifest.UNNAMED)
                        : resource.path();
                String part = resource.end() < 0 ? "" : " of bytes " + resource.start() + " to " + resource.end();
                SignatureRule broken = result.broken();
                if (broken != null) {
                    findings.add(
                            broken,
                            Text.shown(name),
                            broken == SignatureRule.CHANGED
                                    ? "the file must not change while it is read, has"
                                    : "the file must be readable");
                } else if (!MessageDigest.isEqual(result.digest(), resource.digest())) {
                    findings.add(
                            SignatureRule.DIGEST_MISMATCH,
                            Text.shown(name),
                            "SHA-256" + part + " must be " + HexFormat.of().formatHex(resource.digest()) + ", is "
                                    + HexFormat.of().formatHex(result.digest()));
                } else if (result.cached()) {
                    cached++;
                }
            }
            return cached;
        }

        private void describe(Folder folder, Set<String> own) {
            for (String path : folder.ignored()) {
                if (!own.contains(path)) {
                    findings.add(SignatureRule.UNSIGNED_SPACE, Text.shown(path), "the path is not signed");
                }
            }
            for (String pair : folder.collisions()) {
                findings.add(SignatureRule.NAME_COLLISION, "", "names should differ in more than their case: " + pair);
            }
            for (String path : folder.empty()) {
                findings.add(SignatureRule.EMPTY_FOLDER, Text.shown(path), "an empty folder is not signed");
            }
        }
    }
}
