// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/**
 * What a model file may hold at most. Sizes are absolute: a ratio of compression says nothing here, since the updater
 * state of a fresh network is all zeros.
 *
 * @param fileBytes length of the file
 * @param entries entries of the archive
 * @param entryBytes length of an entry, inflated
 * @param configurationBytes length of {@code configuration.json}, inflated
 */
public record ModelFileLimits(long fileBytes, int entries, long entryBytes, int configurationBytes) {
    /** Checks that every limit is positive and that arrays can hold what is allowed. */
    public ModelFileLimits {
        if (fileBytes < 1 || entries < 1 || entryBytes < 1 || configurationBytes < 1) {
            throw new IllegalArgumentException("limits must be >= 1, were " + fileBytes + ", " + entries + ", "
                    + entryBytes + ", " + configurationBytes);
        }
        if (fileBytes > Integer.MAX_VALUE - 8 || entryBytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "fileBytes and entryBytes must be below 2^31 - 8, were " + fileBytes + " and " + entryBytes);
        }
    }

    /**
     * 1 GiB of file, 16 entries, 1 GiB for each entry, 16 MiB of configuration.
     *
     * @return the limits
     */
    public static ModelFileLimits standard() {
        return new ModelFileLimits(1L << 30, 16, 1L << 30, 16 << 20);
    }
}
