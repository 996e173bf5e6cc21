// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.Finding;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a signature says.
 *
 * @param signer {@code key} and the fingerprint of the key, or {@code certificate}, subject and fingerprint
 * @param algorithm of the signature
 * @param rootDigest {@code sha256:} and the digest over the list of digests; names are not in it (OMS v1.0 section 6.5.1),
 *     so it tells models apart only together with the list
 * @param digests SHA-256 of each signed file by name, in hexadecimal; empty if files were hashed in shards. Whoever reads a
 *     file later can compare the bytes that were read with it
 * @param files number of signed files
 * @param bytes their length, as far as it is known: of the files that were found
 * @param notes what a signer should know: unsigned space, names that collide; empty when verified, where these are
 *     findings
 */
public record SignedModel(
        String signer,
        SignatureAlgorithm algorithm,
        String rootDigest,
        SortedMap<String, String> digests,
        int files,
        long bytes,
        List<Finding> notes) {
    /** Copies the collections. */
    public SignedModel {
        digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
        notes = List.copyOf(notes);
    }

    static SignedModel of(
            String signer, SignatureAlgorithm algorithm, Manifest manifest, long bytes, List<Finding> notes) {
        TreeMap<String, String> digests = new TreeMap<>();
        if (manifest.shardSize() == 0) {
            manifest.resources()
                    .forEach(r -> digests.put(r.path(), HexFormat.of().formatHex(r.digest())));
        }
        return new SignedModel(
                signer,
                algorithm,
                "sha256:" + HexFormat.of().formatHex(manifest.rootDigest()),
                digests,
                manifest.files().size(),
                bytes,
                notes);
    }
}
