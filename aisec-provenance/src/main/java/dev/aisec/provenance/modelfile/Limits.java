// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/**
 * What a model file may cost at most. Every reader checks a length against what is there and against these numbers before
 * it allocates; whatever exceeds them is refused. Sizes are absolute or in proportion to the file: a ratio of compression
 * per entry says nothing, since the updater state of a fresh network is all zeros.
 *
 * @param fileBytes length of the file
 * @param entries entries of an archive, nested ones included
 * @param inflatedBytes bytes that compressed entries may inflate to in all; a file may always inflate to {@code 20} times
 *     its own length
 * @param headerBytes length of a header, a configuration or another text that is read as a whole
 * @param memoryBytes bytes held in memory at once for the content of a file or an entry; beyond, a private file serves
 * @param depth containers within containers, nested objects, messages or elements
 * @param items tensors, operators, keys and entries that a file may hold of each kind
 * @param steps units of work of the readers: opcodes, elements, fields
 */
public record Limits(
        long fileBytes,
        int entries,
        long inflatedBytes,
        int headerBytes,
        int memoryBytes,
        int depth,
        int items,
        long steps) {
    /** How many times its own length a file may always inflate to. */
    static final int INFLATION = 20;

    /** Checks that every limit is positive. */
    public Limits {
        require("fileBytes", fileBytes, Long.MAX_VALUE);
        require("entries", entries, Integer.MAX_VALUE);
        require("inflatedBytes", inflatedBytes, Long.MAX_VALUE);
        require("headerBytes", headerBytes, 1 << 30);
        require("memoryBytes", memoryBytes, 1 << 30);
        require("depth", depth, 1000);
        require("items", items, Integer.MAX_VALUE);
        require("steps", steps, Long.MAX_VALUE);
    }

    /**
     * 1 TiB of file, 65,536 entries, 256 MiB inflated, headers of 64 MiB, 64 MiB in memory, 100 levels, 1,000,000 items,
     * 100,000,000 steps.
     *
     * @return the limits
     */
    public static Limits standard() {
        return new Limits(1L << 40, 65_536, 256L << 20, 64 << 20, 64 << 20, 100, 1_000_000, 100_000_000);
    }

    /**
     * The same limits for a shorter file.
     *
     * @param bytes length of the file
     * @return the limits
     */
    public Limits withFileBytes(long bytes) {
        return new Limits(bytes, entries, inflatedBytes, headerBytes, memoryBytes, depth, items, steps);
    }

    /**
     * The same limits with another use of memory.
     *
     * @param bytes bytes held in memory at once
     * @return the limits
     */
    public Limits withMemoryBytes(int bytes) {
        return new Limits(fileBytes, entries, inflatedBytes, headerBytes, bytes, depth, items, steps);
    }

    private static void require(String name, long value, long most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + " must be in [1, " + most + "], was " + value);
        }
    }
}
