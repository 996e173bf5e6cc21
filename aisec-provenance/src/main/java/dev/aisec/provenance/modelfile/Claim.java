// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/** What a format says of content. */
public enum Claim {
    /** It is not of this format. */
    NONE,
    /** It may be: the format has no signature, or is a general container; a certain claim of another wins. */
    POSSIBLE,
    /** It bears the signature of this format, or is laid out as only this format is. */
    CERTAIN
}
