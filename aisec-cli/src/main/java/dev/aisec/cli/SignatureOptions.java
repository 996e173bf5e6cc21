// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.provenance.signing.ModelSignatures;
import dev.aisec.provenance.signing.SignaturePolicy;
import dev.aisec.provenance.signing.SignatureReport;
import dev.aisec.provenance.signing.SignatureTrust;
import dev.aisec.provenance.signing.SymlinkPolicy;
import dev.aisec.provenance.signing.TrustAnchors;
import dev.aisec.provenance.signing.TrustedKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options with which a command verifies a signature; a mixin. */
final class SignatureOptions {
    @Option(
            names = "--signature",
            paramLabel = "FILE",
            description = "OMS signature (Sigstore bundle) that must cover the model; needs --key or --cert")
    private @Nullable Path signature;

    @Option(names = "--key", paramLabel = "FILE", description = "trusted public key, PEM; may be given several times")
    private List<Path> keys = new ArrayList<>();

    @Option(names = "--cert", paramLabel = "FILE", description = "trusted root certificates, PEM, instead of --key")
    private @Nullable Path roots;

    @Option(
            names = "--signer",
            paramLabel = "NAME",
            description =
                    "with --cert: distinguished name that the signer must have, for example \"CN=models, O=Example\";"
                            + " may be given several times (default: any under the roots)")
    private List<String> signers = new ArrayList<>();

    @Option(
            names = "--at",
            paramLabel = "INSTANT",
            description = "with --cert: when the certificates must be valid, for example 2026-01-31T00:00:00Z"
                    + " (default: now)")
    private @Nullable String at;

    @Option(
            names = "--ignorable",
            paramLabel = "PATH",
            description =
                    "a path that the signer may have left out, beside .git and its like; may be given several times"
                            + " (default: whatever the signature says)")
    private List<String> ignorable = new ArrayList<>();

    @Option(
            names = "--ignore",
            paramLabel = "PATH",
            description = "pass over a path of the model, whatever the signature says; may be given several times")
    private List<String> ignored = new ArrayList<>();

    @Option(names = "--unsigned-files", description = "let files pass that are not signed, as warnings")
    private boolean unsignedFiles;

    @Option(names = "--follow-links", description = "follow symbolic links inside the model, where the signer did")
    private boolean followLinks;

    /** Whether a signature is asked for; checks that the options fit together. */
    boolean given() {
        if (signature == null) {
            if (!keys.isEmpty() || roots != null) {
                throw new IllegalArgumentException("--signature must be given with --key or --cert");
            }
            return false;
        }
        if (keys.isEmpty() == (roots == null)) {
            throw new IllegalArgumentException("--signature needs either --key or --cert: whom to trust is no default");
        }
        if (roots == null && (at != null || !signers.isEmpty())) {
            throw new IllegalArgumentException("--at and --signer must be given with --cert");
        }
        return true;
    }

    /** The signature. */
    Optional<Path> file() {
        return Optional.ofNullable(signature);
    }

    /** Verifies a model, file or folder; only if a signature is {@link #given}. */
    SignatureReport verify(Path model) throws IOException {
        if (!given() || signature == null) {
            throw new IllegalStateException("a signature must be given");
        }
        return ModelSignatures.verify(model, signature, trust(), policy());
    }

    private SignatureTrust trust() throws IOException {
        if (roots == null) {
            return TrustedKeys.read(keys.toArray(Path[]::new));
        }
        TrustAnchors anchors = TrustAnchors.read(roots)
                .signedBy(signers.stream().map(SignatureOptions::name).toArray(X500Principal[]::new));
        try {
            return at == null ? anchors : anchors.at(Instant.parse(at));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("--at must be an instant such as 2026-01-31T00:00:00Z, was " + at, e);
        }
    }

    private static X500Principal name(String text) {
        try {
            return new X500Principal(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--signer must be a distinguished name such as \"CN=models, O=Example\", was " + text, e);
        }
    }

    private SignaturePolicy policy() {
        SignaturePolicy policy = SignaturePolicy.standard()
                .ignoring(Set.copyOf(ignored))
                .withUnsignedFiles(unsignedFiles)
                .withSymlinks(followLinks ? SymlinkPolicy.FOLLOW_INSIDE : SymlinkPolicy.REFUSE);
        if (ignorable.isEmpty()) {
            return policy;
        }
        List<String> all = new ArrayList<>(SignaturePolicy.GIT_PATHS);
        all.addAll(ignorable);
        return policy.withIgnorable(Set.copyOf(all));
    }
}
