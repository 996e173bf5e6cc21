// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The content of a model file that passed {@link Dl4jModelFile}: exactly the bytes that were checked, whatever happens to
 * the file afterwards. It has no public constructor, so a loader that takes it cannot be given anything unchecked.
 * Immutable.
 */
public final class VerifiedModel {
    /** What kind of network it is. */
    public enum Kind {
        /** A {@code MultiLayerNetwork}. */
        MULTI_LAYER_NETWORK,
        /** A {@code ComputationGraph}. */
        COMPUTATION_GRAPH
    }

    private final String digest;
    private final Kind kind;
    private final long parameterCount;
    private final TreeMap<String, byte[]> entries;

    VerifiedModel(String digest, Kind kind, long parameterCount, Map<String, byte[]> entries) {
        this.digest = digest;
        this.kind = kind;
        this.parameterCount = parameterCount;
        this.entries = new TreeMap<>(entries);
    }

    /**
     * The name of the content: {@code sha256:} and the hexadecimal SHA-256 over the entries in ascending order of their
     * names, each as length of the name (4 bytes, big-endian), name (ASCII), length of the content (8 bytes), content. It
     * does not depend on times, order and compression of the zip file.
     *
     * @return for example {@code sha256:9f86d0…}
     */
    public String digest() {
        return digest;
    }

    /**
     * Returns what kind of network it is.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Returns the number of parameters.
     *
     * @return values of {@code coefficients.bin}
     */
    public long parameterCount() {
        return parameterCount;
    }

    /**
     * Returns the names of the entries.
     *
     * @return sorted
     */
    public Set<String> entryNames() {
        return java.util.Collections.unmodifiableSet(entries.keySet());
    }

    /**
     * Returns an entry.
     *
     * @param name its name
     * @return a copy of its content
     * @throws IllegalArgumentException if there is no such entry
     */
    public byte[] entry(String name) {
        byte[] content = entries.get(name);
        if (content == null) {
            throw new IllegalArgumentException("name must be one of " + entries.keySet() + ", was " + name);
        }
        return content.clone();
    }

    /**
     * The checked entries in a fresh zip archive, which is what a loader reads.
     *
     * @return the bytes; equal for equal content
     */
    public byte[] canonicalZip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                header.setTimeLocal(java.time.LocalDateTime.of(1980, 1, 1, 0, 0));
                zip.putNextEntry(header);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public String toString() {
        return kind + " " + digest;
    }
}
