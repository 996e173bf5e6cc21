// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;

/** SHA-256 of the JDK's own provider: another one that stands first in the list may be five times slower. */
final class Sha256 {
    static final String PREFIX = "sha256:";

    private Sha256() {}

    static MessageDigest create() {
        try {
            return MessageDigest.getInstance("SHA-256", "SUN");
        } catch (GeneralSecurityException e) {
            // A JDK that has replaced this provider, for example one under FIPS 140.
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (GeneralSecurityException never) {
                throw new IllegalStateException("every JDK has SHA-256", never);
            }
        }
    }
}
