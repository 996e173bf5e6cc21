// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Verification;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The answer of a model file check.
 *
 * @param verification verdict and findings
 * @param policy what was allowed, as it prints
 * @param model the checked content, if it was accepted
 */
public record ModelFileCheck(Verification verification, String policy, Optional<VerifiedModel> model)
        implements EvidenceSource {
    /**
     * The checked content.
     *
     * @return the model
     * @throws dev.aisec.core.VerificationException if the file was not accepted; it carries the findings
     */
    public VerifiedModel orElseThrow() {
        verification.orElseThrow();
        return model.orElseThrow();
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> parameters =
                new TreeMap<>(verification.evidence().parameters());
        parameters.put("policy", policy);
        model.ifPresent(m -> {
            parameters.put("entries", String.join(", ", m.entryNames()));
            parameters.put("kind", m.kind().name());
            parameters.put("parameters", String.valueOf(m.parameterCount()));
        });
        return new Evidence(
                verification.technique(),
                verification.subject(),
                parameters,
                java.util.List.of(),
                verification.findings());
    }
}
