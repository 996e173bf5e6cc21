// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.internal;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;

/** SHA-256 of the JDK's own provider: another one that stands first in the list may be five times slower. */
public final class Sha256 {
    /** What names a SHA-256 in front of its hexadecimal digits. */
    public static final String PREFIX = "sha256:";

    /** Bytes of a digest. */
    public static final int LENGTH = 32;

    private Sha256() {}

    /**
     * A new computation.
     *
     * @return for one thread
     */
    public static MessageDigest create() {
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

    /**
     * The digest of bytes.
     *
     * @param bytes any bytes
     * @return 32 bytes
     */
    public static byte[] of(byte[] bytes) {
        return create().digest(bytes);
    }
}
