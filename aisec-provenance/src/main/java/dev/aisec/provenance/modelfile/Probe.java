// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What {@link ModelFormat#recognizes} looks at. Nothing here has been checked. */
public final class Probe {
    private static final int HEAD = 4096;

    private final String name;
    private final ByteSource source;
    private final byte[] head;
    private final Optional<List<String>> zipNames;
    private long work;

    Probe(String name, ByteSource source, Limits limits) throws IOException {
        this.name = name;
        this.source = source;
        this.head = source.read(0, (int) Math.min(HEAD, source.length()));
        this.zipNames = ZipReader.names(source, limits);
    }

    /**
     * The name of the file or entry; a hint and no more.
     *
     * @return the last part of its path
     */
    public String name() {
        return name;
    }

    /**
     * The content.
     *
     * @return all of it
     */
    public ByteSource source() {
        return source;
    }

    /**
     * The first bytes.
     *
     * @return up to 4,096; not to be changed
     */
    @SuppressWarnings("MissingSummary")
    byte[] head() {
        return head;
    }

    /** Counts steps that a format took to recognise the content, beyond a look at its head. */
    void worked(long steps) {
        work += steps;
    }

    long work() {
        return work;
    }

    /**
     * Whether the content begins with these bytes.
     *
     * @param bytes values in [0, 255]
     * @return whether it does
     */
    public boolean startsWith(int... bytes) {
        return hasAt(0, bytes);
    }

    /**
     * Whether bytes stand at a place among the first 4,096.
     *
     * @param offset where
     * @param bytes values in [0, 255]
     * @return whether they do
     */
    public boolean hasAt(int offset, int... bytes) {
        if (offset < 0 || head.length - offset < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((head[offset + i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * The names in the directory of a zip archive, if the content begins or ends as one.
     *
     * @return unchecked names, at most those the limits allow; empty if it is no zip archive
     */
    public Optional<List<String>> zipNames() {
        return zipNames;
    }
}
