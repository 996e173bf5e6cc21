// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Random bits for privacy: the keystream of AES-256 in counter mode, seeded by the platform's strong generator. Each thread has
 * its own.
 *
 * <p>Guarantee: who sees any part of the output cannot tell the rest from uniform bits, if AES is a pseudorandom permutation
 * and the seed is unpredictable. What was handed out is overwritten, and every 256 KiB the key is replaced by fresh keystream, so
 * that who reads the memory later learns at most that much of the past; every 256 MiB the platform is asked for a new seed. A
 * process that is restored twice from one snapshot of its memory repeats bits until then. No seed can be given.
 *
 * <p>Source: NIST SP 800-38A, section 6.5 (counter mode); Bernstein, Fast-key-erasure random-number generators, 2017.
 */
public final class SecureBits implements BitSource {
    /** Small pieces: the runtime's AES intrinsic is not reached in a single large one. */
    private static final int BUFFER = 4096;

    private static final int REFILLS_OF_A_KEY = 64;
    private static final int KEYS_OF_A_SEED = 1024;
    private static final int KEY = 32;
    private static final int SEED = 48;
    private static final byte[] ZEROS = new byte[BUFFER];
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ThreadLocal<SecureBits> CURRENT = ThreadLocal.withInitial(SecureBits::new);

    private final Cipher cipher;
    private final byte[] buffer = new byte[BUFFER];
    private int position = BUFFER;
    private int refills = REFILLS_OF_A_KEY;
    private int keys = KEYS_OF_A_SEED;

    private SecureBits() {
        try {
            cipher = Cipher.getInstance("AES/CTR/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES/CTR/NoPadding must be there, in every Java runtime", e);
        }
    }

    /**
     * The calling thread's bits. Not to be passed to another thread.
     *
     * @return the bits
     */
    public static SecureBits current() {
        return CURRENT.get();
    }

    /**
     * Returns 64 bits.
     *
     * @return uniform on all long values
     */
    @Override
    public long nextLong() {
        if (position == BUFFER) {
            refill();
        }
        long bits = (long) LONGS.get(buffer, position);
        LONGS.set(buffer, position, 0L);
        position += Long.BYTES;
        return bits;
    }

    private void refill() {
        try {
            if (refills == REFILLS_OF_A_KEY) {
                rekey();
            }
            cipher.update(ZEROS, 0, BUFFER, buffer, 0);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES must encrypt in counter mode", e);
        }
        refills++;
        position = 0;
    }

    private void rekey() throws GeneralSecurityException {
        byte[] seed = new byte[SEED];
        if (keys == KEYS_OF_A_SEED) {
            strong().nextBytes(seed);
            keys = 0;
        } else {
            cipher.update(ZEROS, 0, SEED, seed, 0);
        }
        cipher.init(
                Cipher.ENCRYPT_MODE,
                new SecretKeySpec(seed, 0, KEY, "AES"),
                new IvParameterSpec(seed, KEY, SEED - KEY));
        Arrays.fill(seed, (byte) 0);
        keys++;
        refills = 0;
    }

    private static SecureRandom strong() {
        try {
            return SecureRandom.getInstanceStrong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(
                    "the runtime must name a strong generator in securerandom.strongAlgorithms", e);
        }
    }
}
