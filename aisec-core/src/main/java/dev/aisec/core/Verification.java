// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.List;
import java.util.TreeMap;

/**
 * The answer of a verifier. A bad signature or a malicious file is an answer, not an exception.
 *
 * @param technique which technique verified
 * @param subject what was verified
 * @param verdict the answer
 * @param findings one for each check that has something to say
 */
public record Verification(Technique technique, String subject, Verdict verdict, List<Finding> findings)
        implements EvidenceSource {
    /** Copies the findings. */
    public Verification {
        findings = List.copyOf(findings);
    }

    /**
     * For pipelines: returns quietly when accepted.
     *
     * @throws VerificationException if the verdict is not {@link Verdict#ACCEPT}
     */
    public void orElseThrow() {
        if (verdict != Verdict.ACCEPT) {
            throw new VerificationException(this);
        }
    }

    @Override
    public Evidence evidence() {
        TreeMap<String, String> parameters = new TreeMap<>();
        parameters.put("verdict", verdict.name());
        return new Evidence(technique, subject, parameters, List.of(), findings);
    }
}
