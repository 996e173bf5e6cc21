// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.io.InputStream;

/**
 * A model file that {@link ModelVerifier} accepted: it gives exactly the bytes that were verified, whatever happens to the
 * file afterwards. It has no public constructor, so a loader that takes it cannot be given anything unchecked.
 */
public final class VerifiedModel {
    private final ModelStructure structure;
    private final String digest;
    private final ByteSource content;

    VerifiedModel(ModelStructure structure, String digest, ByteSource content) {
        this.structure = structure;
        this.digest = digest;
        this.content = content;
    }

    /**
     * What the file holds.
     *
     * @return the structure
     */
    public ModelStructure structure() {
        return structure;
    }

    /**
     * The name of the bytes: {@code sha256:} and the hexadecimal SHA-256 of the file.
     *
     * @return for example {@code sha256:9f86d0…}
     */
    public String digest() {
        return digest;
    }

    /**
     * The length of the file.
     *
     * @return in bytes
     */
    public long length() {
        return content.length();
    }

    /**
     * Reads the verified bytes from the first to the last.
     *
     * @return a stream of its own for each call
     */
    public InputStream open() {
        return new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int from, int count) throws IOException {
                if (count == 0) {
                    return 0;
                }
                int some = (int) Math.min(count, content.length() - at);
                if (some <= 0) {
                    return -1;
                }
                content.read(at, into, from, some);
                at += some;
                return some;
            }
        };
    }

    @Override
    public String toString() {
        return structure.format() + " " + digest;
    }
}
