// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Signs models: OpenSSF Model Signing (OMS) v1.0 with a key or a certificate, in the layout of the reference
 * implementation 1.1.0.
 *
 * <p>Guarantee: the signature file comes into being whole or not at all, and never in place of a file that is not a
 * signature. Every file of the folder is in the signed list, but for {@link SignaturePolicy#GIT_PATHS}, the paths given in
 * {@link #ignoring} and the signature file itself, all of which the signature names. What cannot be signed (links, pipes,
 * names that are not UTF-8) is an exception, not a gap.
 *
 * <p>A single file is signed under its name, as the specification demands; versions 1.0 and 1.1 of the reference
 * implementation expect {@code .} there and do not accept it. Folders have no such difference. ML-DSA and Ed25519 are
 * beyond the algorithms that OMS v1.0 makes everybody support.
 *
 * @param key the private key
 * @param chain the certificate of the key, then those of the authorities up to below the root; empty: the bare key signs
 * @param shardSize bytes of a shard; 0: files are hashed whole. Shards let all processors hash one large file
 * @param ignored paths to leave out, relative to the model, exact; unsigned space
 * @param symlinks what to do with links
 * @param parallelism how many threads hash, at least 1
 */
public record ModelSigner(
        SigningKey key,
        List<X509Certificate> chain,
        long shardSize,
        Set<String> ignored,
        SymlinkPolicy symlinks,
        int parallelism) {
    private static final int MAX_CERTIFICATES = 16;

    /** More do not fit into a bundle. */
    private static final int MAX_RESOURCES = 500_000;

    /** Checks and copies. */
    public ModelSigner {
        chain = List.copyOf(chain);
        ignored = Set.copyOf(ignored);
        if (shardSize < 0 || shardSize > 1L << 53) {
            throw new IllegalArgumentException("shardSize must be in [0, 2^53], was " + shardSize);
        }
        if (parallelism < 1) {
            throw new IllegalArgumentException("parallelism must be >= 1, was " + parallelism);
        }
        for (String path : ignored) {
            Optional<String> fault = Manifest.ignoreFault(path);
            if (fault.isPresent()) {
                throw new IllegalArgumentException("an ignored path " + fault.get() + ", was " + Text.quote(path));
            }
        }
        if (!chain.isEmpty()) {
            X509Certificate own = chain.get(0);
            if (chain.size() > MAX_CERTIFICATES) {
                throw new IllegalArgumentException(
                        "chain must have <= " + MAX_CERTIFICATES + " certificates, had " + chain.size());
            }
            if (!Certificates.key(own).equals(key.verificationKey())) {
                throw new IllegalArgumentException(
                        "the first certificate must be that of the key, is that of " + Certificates.key(own));
            }
            Optional<String> fault = Certificates.usageFault(own);
            if (fault.isPresent()) {
                throw new IllegalArgumentException("certificate " + Certificates.name(own) + ": " + fault.get());
            }
        }
    }

    /**
     * Signs with a bare key; files are hashed whole, nothing else is left out, links are refused, all processors.
     *
     * @param key the key
     * @return the signer
     */
    public static ModelSigner withKey(SigningKey key) {
        return withCertificates(key, List.of());
    }

    /**
     * As {@link #withKey}, with a certificate.
     *
     * @param key the key
     * @param chain the certificate of the key, then those of the authorities up to below the root
     * @return the signer
     */
    public static ModelSigner withCertificates(SigningKey key, List<X509Certificate> chain) {
        return new ModelSigner(
                key,
                chain,
                0,
                Set.of(),
                SymlinkPolicy.REFUSE,
                Runtime.getRuntime().availableProcessors());
    }

    /**
     * Reads certificates for {@link #withCertificates}.
     *
     * @param file PEM, blocks {@code CERTIFICATE} only, text around them is passed over
     * @return the certificates in their order
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it does not hold certificates
     */
    public static List<X509Certificate> readChain(Path file) throws IOException {
        return Certificates.read(file);
    }

    /**
     * The same with shards.
     *
     * @param bytes of a shard; OMS v1.0 suggests 1,000,000,000
     * @return the signer
     */
    public ModelSigner withShards(long bytes) {
        return new ModelSigner(key, chain, bytes, ignored, symlinks, parallelism);
    }

    /**
     * The same with paths left out.
     *
     * @param paths relative to the model, exact; a folder with all that is in it
     * @return the signer
     */
    public ModelSigner ignoring(Set<String> paths) {
        return new ModelSigner(key, chain, shardSize, paths, symlinks, parallelism);
    }

    /**
     * The same with another way with links.
     *
     * @param policy for links
     * @return the signer
     */
    public ModelSigner withSymlinks(SymlinkPolicy policy) {
        return new ModelSigner(key, chain, shardSize, ignored, policy, parallelism);
    }

    /**
     * The same with another number of threads.
     *
     * @param threads at least 1
     * @return the signer
     */
    public ModelSigner withParallelism(int threads) {
        return new ModelSigner(key, chain, shardSize, ignored, symlinks, threads);
    }

    /**
     * Signs a model.
     *
     * @param model a folder or a file
     * @param signature where to write the signature; a signature that is there is replaced, anything else is an error
     * @return what was signed
     * @throws IOException if a file cannot be signed, was changed meanwhile, or the signature cannot be written
     */
    public SignedModel sign(Path model, Path signature) throws IOException {
        Path root = model.toRealPath();
        boolean single = Files.isRegularFile(root);
        if (!single && !Files.isDirectory(root)) {
            throw new IOException(model + ": a model must be a file or a folder");
        }
        requireReplaceable(root, signature);
        requireValidNow();
        Set<String> own = ModelSignatures.namesInside(root, signature);
        Set<String> left = new TreeSet<>(Names.CODE_POINTS);
        left.addAll(SignaturePolicy.GIT_PATHS);
        left.addAll(ignored);
        left.addAll(own);
        Folder folder = single ? Folder.single(root) : list(root, left);
        for (Folder.Fault fault : folder.faults()) {
            throw new IOException(model + ": cannot be signed: " + Text.quote(fault.name()) + ": " + fault.message());
        }
        Findings notes = new Findings();
        List<Manifest.Resource> resources = resources(folder, notes);
        if (resources.isEmpty()) {
            throw new IOException(
                    model + ": a model must have at least one file, with a byte if it is hashed in shards");
        }
        if (!single && !folder.equals(list(root, left))) {
            throw new IOException(model + ": the folder must not change while it is signed, has");
        }
        Path name = root.getFileName();
        Manifest manifest = new Manifest(
                name == null ? "model" : Names.of(root).orElse("model"),
                shardSize,
                symlinks == SymlinkPolicy.FOLLOW_INSIDE,
                left,
                resources);
        write(model, signature, manifest.payload());
        describe(folder, own, notes);
        long bytes = folder.files().values().stream()
                .mapToLong(f -> f.state().size())
                .sum();
        return SignedModel.of(signer(), key.algorithm(), manifest, bytes, notes.list());
    }

    private String signer() {
        return chain.isEmpty()
                ? "key " + key.verificationKey()
                : "certificate " + Certificates.name(chain.get(0)) + " of " + key.verificationKey();
    }

    private Folder list(Path root, Set<String> left) throws IOException {
        try {
            return Folder.list(root, left, symlinks);
        } catch (Refusal e) {
            throw new IOException(root + ": cannot be signed: " + e.text(), e);
        }
    }

    /** A mistyped name must not cost a model. */
    private static void requireReplaceable(Path root, Path signature) throws IOException {
        if (!Files.exists(signature)) {
            return;
        }
        if (signature.toRealPath().equals(root) || !Files.isRegularFile(signature)) {
            throw new IOException(signature + ": the signature must have a file of its own");
        }
        byte[] there = ModelSignatures.readBundle(signature);
        if (there.length > Bundle.MAX_BYTES || !Bundle.isBundle(there)) {
            throw new IOException(signature + ": is there and is not a signature; it is not overwritten");
        }
    }

    private void requireValidNow() {
        for (X509Certificate certificate : chain) {
            Instant now = Instant.now();
            if (now.isBefore(certificate.getNotBefore().toInstant())
                    || now.isAfter(certificate.getNotAfter().toInstant())) {
                throw new IllegalArgumentException("certificate " + Certificates.name(certificate)
                        + " must be valid now, is from "
                        + certificate.getNotBefore().toInstant() + " to "
                        + certificate.getNotAfter().toInstant());
            }
        }
    }

    private List<Manifest.Resource> resources(Folder folder, Findings notes) throws IOException {
        List<FileHasher.Piece> pieces = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, Folder.Entry> file : folder.files().entrySet()) {
            long size = file.getValue().state().size();
            if (shardSize == 0) {
                pieces.add(new FileHasher.Piece(file.getValue(), 0, size));
                names.add(file.getKey());
                continue;
            }
            if (size == 0) {
                notes.add(
                        SignatureRule.EMPTY_FILE, Text.shown(file.getKey()), "an empty file is not signed with shards");
            }
            if (size / shardSize > MAX_RESOURCES - pieces.size()) {
                throw new IOException("too many shards: they must be <= " + MAX_RESOURCES
                        + ", choose a shard size greater than " + shardSize);
            }
            for (long start = 0; start < size; start += Math.min(shardSize, size - start)) {
                pieces.add(new FileHasher.Piece(file.getValue(), start, start + Math.min(shardSize, size - start)));
                names.add(file.getKey());
            }
        }
        List<FileHasher.Result> results = FileHasher.hash(pieces, parallelism, null);
        List<Manifest.Resource> resources = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            FileHasher.Piece piece = pieces.get(i);
            SignatureRule broken = results.get(i).broken();
            if (broken != null) {
                throw new IOException(Text.shown(names.get(i)) + ": cannot be signed: "
                        + (broken == SignatureRule.CHANGED
                                ? "it must not change while it is read, has"
                                : "it must be readable"));
            }
            resources.add(new Manifest.Resource(
                    names.get(i),
                    piece.start(),
                    shardSize == 0 ? -1 : piece.end(),
                    results.get(i).digest()));
        }
        resources.sort(Manifest.ORDER);
        return resources;
    }

    private void write(Path model, Path signature, byte[] payload) throws IOException {
        byte[] message = Bundle.preAuthenticationEncoding(payload);
        byte[] sig = key.sign(message);
        // A fault in the computation of a signature can give the key away.
        if (!key.verificationKey().verify(message, sig)) {
            throw new IllegalStateException("a new signature must verify, does not");
        }
        List<byte[]> certificates = new ArrayList<>();
        for (X509Certificate certificate : chain) {
            try {
                certificates.add(certificate.getEncoded());
            } catch (CertificateEncodingException e) {
                throw new IllegalArgumentException(e);
            }
        }
        byte[] bundle = Bundle.write(
                chain.isEmpty() ? new Bundle.Hint(key.verificationKey().hint()) : new Bundle.Chain(certificates),
                payload,
                sig);
        if (bundle.length > Bundle.MAX_BYTES) {
            throw new IOException(model + ": too many files: a signature must have <= " + Bundle.MAX_BYTES
                    + " bytes, would have " + bundle.length);
        }
        SafeFiles.replace(signature, bundle, false);
    }

    private void describe(Folder folder, Set<String> own, Findings notes) {
        Set<String> unsigned = new HashSet<>(folder.ignored());
        unsigned.removeAll(own);
        for (String path : new TreeSet<>(unsigned)) {
            notes.add(SignatureRule.UNSIGNED_SPACE, Text.shown(path), "the path is not signed");
        }
        for (String pair : folder.collisions()) {
            notes.add(SignatureRule.NAME_COLLISION, "", "names should differ in more than their case: " + pair);
        }
        for (String path : folder.empty()) {
            notes.add(SignatureRule.EMPTY_FOLDER, Text.shown(path), "an empty folder is not signed");
        }
    }
}
