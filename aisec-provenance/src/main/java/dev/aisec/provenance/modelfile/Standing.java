// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/** What a format itself knows of a name. */
public enum Standing {
    /** On the format's own list of what does nothing but build or compute numbers. */
    KNOWN,
    /** On no list: refused unless a policy allows the name or tolerates unknown ones. */
    UNKNOWN,
    /** Known to run code, or to read or write what is not in the file: refused unless a policy allows just this name. */
    DANGEROUS
}
