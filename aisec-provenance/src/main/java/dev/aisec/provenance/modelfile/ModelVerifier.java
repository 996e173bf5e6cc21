// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Verification of model files before anything is loaded (clause 7.3.4-2).
 *
 * @param policy what a file may hold
 * @param formats the formats to recognise, in order of preference
 */
public record ModelVerifier(VerificationPolicy policy, List<ModelFormat> formats) {
    /** Copies the list. */
    public ModelVerifier {
        formats = List.copyOf(formats);
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
     * The same verifier, which keeps content that is too large for memory in a private file from the beginning: the file is
     * copied first and the copy verified.
     *
     * @return the verifier
     */
    public ModelVerifier withPrivateCopy() {
        return this;
    }

    /**
     * Verifies a file.
     *
     * @param file the file
     * @return the answer
     * @throws IOException if the file is missing or cannot be read
     */
    public ModelReport verify(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file + ": no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": must be a regular file");
        }
        return verify(Files.readAllBytes(file), String.valueOf(file.getFileName()));
    }

    /**
     * Verifies bytes.
     *
     * @param bytes the content of a file; not to be changed
     * @param name what to call it; its extension is compared with the content
     * @return the answer
     * @throws IOException if a private file for inflated content cannot be written
     */
    public ModelReport verify(byte[] bytes, String name) throws IOException {
        ByteSource source = ByteSource.of(bytes);
        Inspection.Shared shared = new Inspection.Shared(policy, formats, source);
        Inspection inspection = new Inspection(shared, "", 0);
        String format = "unknown";
        try {
            if (bytes.length == 0) {
                throw new Refusal(FileRules.EMPTY, -1, "a model file must have bytes, has none");
            }
            List<ModelFormat> claims = Recognition.of(name, source, inspection, formats);
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
        ModelStructure structure = shared.structure(format);
        if (!shared.refused()) {
            policy.judge(structure, inspection);
        }
        Verdict verdict = shared.rules.stream().anyMatch(r -> r.effect() == Rule.Effect.REJECT)
                ? Verdict.REJECT
                : shared.rules.isEmpty() ? Verdict.ACCEPT : Verdict.CANNOT_INSPECT;
        String digest = "sha256:" + HexFormat.of().formatHex(sha256().digest(bytes));
        return new ModelReport(
                new Verification(Technique.MODEL_FILE_VERIFICATION, name, verdict, shared.findings),
                structure,
                digest,
                bytes.length,
                shared.listings,
                shared.names,
                policy.toString(),
                verdict == Verdict.ACCEPT
                        ? Optional.of(new VerifiedModel(structure, digest, Custody.memory(bytes), policy))
                        : Optional.empty());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
