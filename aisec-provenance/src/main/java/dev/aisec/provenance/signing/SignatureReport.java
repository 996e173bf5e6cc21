// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Verification;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The answer of {@link ModelSignatures}.
 *
 * @param verification verdict and findings
 * @param signed what the signature says; there only if a trusted signer made it, even where the files are not as signed
 * @param policy what was accepted, as it prints
 */
public record SignatureReport(Verification verification, Optional<SignedModel> signed, String policy)
        implements EvidenceSource {
    /**
     * What was signed and found as signed.
     *
     * @return the signed model
     * @throws dev.aisec.core.VerificationException if the verdict is not ACCEPT; it carries the findings
     */
    public SignedModel orElseThrow() {
        verification.orElseThrow();
        return signed.orElseThrow();
    }

    @Override
    public Evidence evidence() {
        TreeMap<String, String> parameters =
                new TreeMap<>(verification.evidence().parameters());
        parameters.put("policy", policy);
        signed.ifPresent(model -> {
            parameters.put("signer", model.signer());
            parameters.put("algorithm", model.algorithm().title());
            parameters.put("digest", model.rootDigest());
            parameters.put("files", Integer.toString(model.files()));
        });
        return new Evidence(
                verification.technique(), verification.subject(), parameters, List.of(), verification.findings());
    }
}
