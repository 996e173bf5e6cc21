// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Verification;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The answer of {@link ModelVerifier}.
 *
 * @param verification verdict and findings
 * @param structure what the file says it holds, as far as it could be read; nothing of it is sure unless the file was
 *     accepted
 * @param digest {@code sha256:} and the SHA-256 of the file, or {@code sha256-shards-…:} and a digest of {@link Shards};
 *     empty if the file was not read as a whole: too large, or changed while it was read
 * @param length bytes of the file
 * @param listings decompiled programs by entry, as evidence
 * @param names the names that the file uses, at most 10,000 of each kind
 * @param parameters the numbers of the tensors whose data the file holds; empty if it was refused before they were read
 * @param policy what was allowed, as it prints
 * @param model the verified content, if the file was accepted
 */
public record ModelReport(
        Verification verification,
        ModelStructure structure,
        String digest,
        long length,
        Map<String, String> listings,
        Map<Use, SortedSet<String>> names,
        List<TensorStatistics> parameters,
        String policy,
        Optional<VerifiedModel> model)
        implements EvidenceSource {
    /** Copies the collections. */
    public ModelReport {
        Map<Use, SortedSet<String>> copy = new EnumMap<>(Use.class);
        names.forEach((use, set) -> copy.put(use, Collections.unmodifiableSortedSet(new TreeSet<>(set))));
        names = Collections.unmodifiableMap(copy);
        parameters = List.copyOf(parameters);
        listings = Collections.unmodifiableMap(new LinkedHashMap<>(listings));
    }

    /**
     * The verified content.
     *
     * @return the model
     * @throws dev.aisec.core.VerificationException if the file was not accepted; it carries the findings
     */
    public VerifiedModel orElseThrow() {
        verification.orElseThrow();
        return model.orElseThrow();
    }

    /**
     * The same answer without the content, to keep when the content is not needed.
     *
     * @return a small report
     */
    public ModelReport withoutModel() {
        return new ModelReport(
                verification, structure, digest, length, listings, names, parameters, policy, Optional.empty());
    }

    @Override
    public Evidence evidence() {
        TreeMap<String, String> parameters =
                new TreeMap<>(verification.evidence().parameters());
        parameters.put("digest", digest);
        parameters.put("format", structure.format());
        parameters.put("policy", policy);
        return new Evidence(
                verification.technique(), verification.subject(), parameters, List.of(), verification.findings());
    }
}
