// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.concurrent.Executor;

/**
 * A file hashed in parts that do not depend on each other, so that several threads can do it. The digest of the file is the
 * SHA-256 of the SHA-256 digests of its parts, one after the other; its name tells the size of the parts, so it is never
 * taken for the SHA-256 of a file: {@code sha256-shards-1m:} and 64 hexadecimal digits.
 *
 * @param bytes length of a part, the last one excepted; a power of two from 65,536 to 67,108,864. It is the buffer of each
 *     thread. Files beyond 67,108,863 parts are refused as too large.
 * @param executor runs what helps the calling thread; it may also run nothing, then the calling thread does all
 * @param helpers how many tasks the executor gets
 */
public record Shards(int bytes, Executor executor, int helpers) {
    static final int MOST = Integer.MAX_VALUE / 32;

    /** Checks the numbers. */
    public Shards {
        if (bytes < 1 << 16 || bytes > 1 << 26 || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException("bytes must be a power of two in [65536, 67108864], was " + bytes);
        }
        if (helpers < 0 || helpers > 1024) {
            throw new IllegalArgumentException("helpers must be in [0, 1024], was " + helpers);
        }
    }

    /** What a digest of such parts begins with. */
    String prefix() {
        return "sha256-shards-" + (bytes < 1 << 20 ? (bytes >> 10) + "k" : (bytes >> 20) + "m") + ":";
    }
}
