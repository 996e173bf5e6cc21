// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Trust in the holders of keys. A bundle names its key by fingerprint; it must be one of these. There is no expiry and no
 * revocation: a key that is not trusted any more is left out.
 *
 * @param keys at least one
 */
public record TrustedKeys(Set<VerificationKey> keys) implements SignatureTrust {
    /** Copies the keys. */
    public TrustedKeys {
        keys = Set.copyOf(keys);
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("keys must not be empty");
        }
    }

    /**
     * Trust in these keys.
     *
     * @param keys at least one
     * @return the trust
     */
    public static TrustedKeys of(VerificationKey... keys) {
        return new TrustedKeys(new LinkedHashSet<>(List.of(keys)));
    }

    /**
     * Trust in the keys of PEM files, one in each.
     *
     * @param files at least one
     * @return the trust
     * @throws IOException if one cannot be read
     * @throws IllegalArgumentException if one does not hold a supported public key
     */
    public static TrustedKeys read(Path... files) throws IOException {
        Set<VerificationKey> keys = new LinkedHashSet<>();
        for (Path file : files) {
            keys.add(VerificationKey.read(file));
        }
        return new TrustedKeys(keys);
    }
}
