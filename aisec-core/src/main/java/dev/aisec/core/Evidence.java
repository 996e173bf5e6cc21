// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The proof that a technique was applied to a subject: parameters, measurements, findings. It holds no times and no
 * machine; those stand in a run envelope around it, so that equal inputs and seed give equal evidence.
 *
 * @param technique which technique
 * @param subject what it was applied to: a name, or a digest such as {@code sha256:…}
 * @param parameters every parameter that the result depends on, as text
 * @param measurements what was measured
 * @param findings what was found
 */
public record Evidence(
        Technique technique,
        String subject,
        SortedMap<String, String> parameters,
        List<Measurement> measurements,
        List<Finding> findings)
        implements EvidenceSource {
    /** Copies the collections. */
    public Evidence {
        if (subject.isBlank()) {
            throw new IllegalArgumentException("subject must not be blank");
        }
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
        measurements = List.copyOf(measurements);
        findings = List.copyOf(findings);
    }

    @Override
    public Evidence evidence() {
        return this;
    }
}
