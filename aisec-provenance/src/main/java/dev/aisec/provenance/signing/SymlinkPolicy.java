// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

/** What to do with symbolic links inside a model. */
public enum SymlinkPolicy {
    /** A link is an error; the default. Also where the signer followed them. */
    REFUSE,
    /**
     * A link counts as the file or folder that it leads to, which must be inside the model; one that leads out, to nothing
     * or in a circle is an error. The signature says that links were followed. OMS v1.0 section 6.1.1 expects to drop this
     * in a later version.
     */
    FOLLOW_INSIDE
}
