// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Sha256;
import java.io.IOException;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;

/**
 * Remembers every block of a file when it is read for the first time, so that a file that changes between two reads is found:
 * what readers judged is what is hashed. It keeps 8 bytes of a SHA-256 with a secret prefix for each 64 KiB that readers have
 * seen; whoever changes the file does not know the prefix and has one guess in 2<sup>64</sup>.
 */
final class FirstReads {
    /** Bytes of a block. */
    static final int BLOCK = 1 << 16;

    private static final int PAGE = 1024;

    private final byte[] secret = new byte[16];
    private final Map<Long, long[]> pages = new HashMap<>();

    FirstReads() {
        new SecureRandom().nextBytes(secret);
    }

    /** Notes a block, or compares it with what was noted. */
    void check(long number, byte[] bytes, int from, int count) throws IOException {
        long mark = mark(bytes, from, count);
        long[] page = pages.computeIfAbsent(number / PAGE, n -> new long[PAGE]);
        int index = (int) (number % PAGE);
        if (page[index] == 0) {
            page[index] = mark;
        } else if (page[index] != mark) {
            throw changed(number);
        }
    }

    /** Compares blocks that follow each other with those that were noted; several threads can do so at once. */
    void compare(long offset, byte[] bytes, int count) throws IOException {
        for (int from = 0; from < count; from += BLOCK) {
            long number = (offset + from) / BLOCK;
            long[] page = pages.get(number / PAGE);
            if (page != null && page[(int) (number % PAGE)] != 0) {
                if (page[(int) (number % PAGE)] != mark(bytes, from, Math.min(BLOCK, count - from))) {
                    throw changed(number);
                }
            }
        }
    }

    private static Refusal changed(long number) {
        return new Refusal(
                FileRules.CHANGED,
                number * BLOCK,
                "the file must not change while it is verified, did in the " + BLOCK + " bytes from here");
    }

    private long mark(byte[] bytes, int from, int count) {
        MessageDigest digest = Sha256.create();
        digest.update(secret);
        digest.update(bytes, from, count);
        byte[] hash = new byte[32];
        try {
            digest.digest(hash, 0, hash.length);
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256 has 32 bytes", e);
        }
        long mark = 0;
        for (int i = 0; i < 8; i++) {
            mark = mark << 8 | hash[i] & 0xff;
        }
        // 0 is for blocks that nobody has read.
        return mark == 0 ? 1 : mark;
    }
}
