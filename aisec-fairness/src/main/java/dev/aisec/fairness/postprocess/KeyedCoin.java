// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Numbers in [0, 1) that depend on a secret key and a subject only: the coin of a randomised decision that can be repeated and
 * checked afterwards, and not foreseen without the key.
 *
 * <p>Guarantee: as HMAC-SHA-256 is a pseudo-random function, the numbers of different subjects cannot be told from independent
 * uniform draws without the key. Limits: whoever holds the key can choose subject names that win, so names must be assigned, not
 * chosen; a subject keeps its luck for as long as key and purpose stay. Safe for use by several threads.
 *
 * <p>Formula: the first 53 bits of HMAC-SHA-256(key, length of purpose ‖ purpose ‖ subject), as a fraction. Source: Bellare, Canetti
 * and Krawczyk, "Keying Hash Functions for Message Authentication", CRYPTO 1996; RFC 2104.
 */
public final class KeyedCoin {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int LEAST_KEY = 16;

    /** Keyed and fed with the purpose; cloned for each draw. */
    private final Mac started;

    private KeyedCoin(Mac started) {
        this.started = started;
    }

    /**
     * The coin of a key.
     *
     * @param key secret, at least 16 bytes from a secure generator; copied
     * @param purpose what the decision is about, so that one subject has independent coins in different matters; may be empty
     * @return the coin
     */
    public static KeyedCoin of(byte[] key, String purpose) {
        if (key.length < LEAST_KEY) {
            throw new IllegalArgumentException("key must be at least " + LEAST_KEY + " bytes, was " + key.length);
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            byte[] text = purpose.getBytes(StandardCharsets.UTF_8);
            for (int shift = 24; shift >= 0; shift -= 8) {
                mac.update((byte) (text.length >>> shift));
            }
            mac.update(text);
            return new KeyedCoin(mac);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(ALGORITHM + " must be there, as on every JDK", e);
        }
    }

    /**
     * The number of a subject.
     *
     * @param subject its name
     * @return in [0, 1), a multiple of 2⁻⁵³; always the same for the same subject
     */
    public double uniform(String subject) {
        Mac mac;
        try {
            mac = (Mac) started.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(ALGORITHM + " must be clonable, as on every JDK", e);
        }
        byte[] tag = mac.doFinal(subject.getBytes(StandardCharsets.UTF_8));
        long bits = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            bits = bits << 8 | tag[i] & 0xff;
        }
        return (bits >>> 11) * 0x1p-53;
    }

    /** Does not show the key. */
    @Override
    public String toString() {
        return "KeyedCoin[" + ALGORITHM + "]";
    }
}
