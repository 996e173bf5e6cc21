// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;

/** Who has a pickle interpreted. */
interface PickleHost {
    /** Counts an opcode. */
    void step() throws IOException;

    /** Takes note of a broken rule; interpretation goes on. */
    void problem(Rule rule, long offset, String message) throws IOException;

    /** What a persistent id stands for. */
    PickleValue persistent(PickleValue id, long offset) throws IOException;

    /** Whether a name is one that the file itself defines, not one that is imported. */
    default boolean owns(String module) {
        return false;
    }

    /** Counts bytes that are looked at beyond opcodes. */
    default void looked(long bytes) throws IOException {}

    Limits limits();
}
