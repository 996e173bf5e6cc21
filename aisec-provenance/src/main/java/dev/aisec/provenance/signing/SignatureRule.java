// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;

/**
 * The rules of {@link ModelSignatures}: what a finding {@code signature.…} means and where the rule comes from. Codes are
 * stable.
 */
public enum SignatureRule {
    /** The bundle leaves the format. */
    MALFORMED(
            "malformed",
            Verdict.REJECT,
            "The signature file is not a Sigstore bundle with a DSSE envelope, in strict JSON.",
            "OMS v1.0 section 8.1; RFC 7493"),
    /** The bundle, the folder or a count is beyond what is read. */
    LIMIT("limit", Verdict.CANNOT_INSPECT, "The signature or the folder is larger than what is read.", ""),
    /** Another kind of bundle. */
    MEDIA_TYPE(
            "media-type",
            Verdict.REJECT,
            "The bundle does not say that it is a Sigstore bundle of version 0.1 to 0.3.",
            "OMS v1.0 section 8.1"),
    /** Key, chain or certificate are missing, or there are several. */
    VERIFICATION_MATERIAL(
            "verification-material",
            Verdict.REJECT,
            "The bundle must name one key or one certificate chain, consistently.",
            "OMS v1.0 section 4.1"),
    /** Not an in-toto payload. */
    PAYLOAD_TYPE(
            "payload-type",
            Verdict.REJECT,
            "What is signed is of another type; a signature for one purpose must not serve another.",
            "DSSE v1.0 protocol; OMS v1.0 section 6.7"),
    /** None, or more than one. */
    SIGNATURE_COUNT("count", Verdict.REJECT, "An envelope must have exactly one signature.", "OMS v1.0 section 4.1"),
    /** Sigstore's keyless method. */
    KEYLESS(
            "keyless",
            Verdict.CANNOT_INSPECT,
            "The signature is bound to an identity by Sigstore's public services; their trust root is not at hand, so it"
                    + " is not known who signed.",
            "OMS v1.0 section 8.2"),
    /** A keyless bundle must prove that it stands in a log. */
    LOG_ENTRY_MISSING(
            "log-entry-missing",
            Verdict.REJECT,
            "A keyless signature must come with an entry of the transparency log.",
            "OMS v1.0 section 4.1"),
    /** Roots were given for a key, or keys for a certificate. */
    METHOD(
            "method",
            Verdict.REJECT,
            "The bundle is signed by a method that is not trusted here.",
            "OMS v1.0 section 4.1"),
    /** A key that nobody trusts here. */
    UNTRUSTED_KEY(
            "untrusted-key",
            Verdict.REJECT,
            "The key that the bundle names is none of the trusted ones.",
            "OMS v1.0 section 8.2"),
    /** No path to a trusted root. */
    UNTRUSTED_CERTIFICATE(
            "untrusted-certificate",
            Verdict.REJECT,
            "No valid path leads from a trusted root to the certificate of the signer.",
            "RFC 5280 section 6"),
    /** Not the right time. */
    CERTIFICATE_VALIDITY(
            "certificate-validity",
            Verdict.REJECT,
            "A certificate of the path was not valid at the instant asked about.",
            "RFC 5280 section 6.1.3; OMS v1.0 section 8.2"),
    /** A certificate for something else. */
    CERTIFICATE_USAGE(
            "certificate-usage",
            Verdict.REJECT,
            "The certificate of the signer is not for signing code or data.",
            "RFC 5280 sections 4.2.1.3 and 4.2.1.12"),
    /** A trusted root, and yet not the signer asked for. */
    SIGNER("signer", Verdict.REJECT, "The certificate is not that of a signer asked for.", ""),
    /** Something that aisec does not know. */
    UNSUPPORTED(
            "unsupported",
            Verdict.CANNOT_INSPECT,
            "The signature uses an algorithm that is not supported.",
            "OMS algorithm registry"),
    /** The signature does not fit. */
    INVALID(
            "invalid",
            Verdict.REJECT,
            "The signature was not made by this key over these bytes: one of them was changed.",
            "DSSE v1.0 protocol"),
    /** What is signed is not a statement of OMS. */
    STATEMENT(
            "statement",
            Verdict.REJECT,
            "What is signed is not an in-toto statement about a model, in strict JSON.",
            "OMS v1.0 section 8.3; in-toto Statement v1"),
    /** A statement about something else. */
    PREDICATE_TYPE(
            "predicate-type",
            Verdict.REJECT,
            "The statement says something other than what a model consists of.",
            "OMS v1.0 section 5.1"),
    /** A name that could lead out of the folder, or mislead. */
    RESOURCE_NAME(
            "resource-name",
            Verdict.REJECT,
            "A signed name is not relative and canonical, or stands twice.",
            "OMS v1.0 section 6.1.2; CWE-22"),
    /** Not sorted. */
    RESOURCE_ORDER("resource-order", Verdict.REJECT, "The signed list is not sorted.", "OMS v1.0 section 5.2.1"),
    /** Shards that do not fit together. */
    SHARDS(
            "shards",
            Verdict.REJECT,
            "The shards of a file must cover it without hole or overlap, in the recorded size.",
            "OMS v1.0 section 6.3.2"),
    /** The digest of all. */
    ROOT_DIGEST(
            "root-digest",
            Verdict.REJECT,
            "The digest of the model is not that of its list.",
            "OMS v1.0 section 6.5.1"),
    /** The signer left out what a policy wants signed. */
    IGNORED_PATH(
            "ignored-path",
            Verdict.REJECT,
            "The signer left a path out that the policy does not let out, or one that is not canonical.",
            "OMS v1.0 section 6.2.1"),
    /** A file that is not there. */
    MISSING_FILE("missing-file", Verdict.REJECT, "A signed file is not there.", "OMS v1.0 section 8.4"),
    /** A file that nobody signed. */
    UNSIGNED_FILE("unsigned-file", Verdict.REJECT, "A file is there that was not signed.", "OMS v1.0 section 8.5"),
    /** A changed file. */
    DIGEST_MISMATCH(
            "digest-mismatch", Verdict.REJECT, "A file is not the one that was signed.", "OMS v1.0 section 8.4"),
    /** A file of another length. */
    SIZE_MISMATCH(
            "size-mismatch", Verdict.REJECT, "A file has not the length that was signed.", "OMS v1.0 section 8.4"),
    /** A symbolic link. */
    SYMLINK(
            "symlink",
            Verdict.REJECT,
            "A symbolic link may lead to content that was not meant, and may lead elsewhere later.",
            "OMS v1.0 section 6.1.1; CWE-59"),
    /** A pipe, socket or device. */
    SPECIAL_FILE(
            "special-file", Verdict.REJECT, "Only files and folders can be part of a model.", "OMS v1.0 section 6.1"),
    /** A name that cannot be signed. */
    FILE_NAME(
            "file-name",
            Verdict.REJECT,
            "The name of a file is not UTF-8, or has characters that a signed name must not have.",
            "OMS v1.0 section 6.1.2"),
    /** No permission. */
    UNREADABLE("unreadable", Verdict.CANNOT_INSPECT, "A file or folder must not be read by this process.", ""),
    /** It moved while we looked. */
    CHANGED(
            "changed",
            Verdict.REJECT,
            "Something was changed while it was verified, so that no one state was verified.",
            "CWE-367"),
    /** Nothing to sign. */
    EMPTY("empty", Verdict.REJECT, "A model must have at least one file.", "OMS v1.0 section 6.1"),
    /** What an attacker may put there unseen. */
    UNSIGNED_SPACE(
            "unsigned-space",
            Verdict.ACCEPT,
            Severity.WARNING,
            "A path is there that the signature leaves out: anybody may have changed it.",
            "OMS v1.0 section 6.2"),
    /** Empty files have no shards. */
    EMPTY_FILE(
            "empty-file",
            Verdict.ACCEPT,
            Severity.WARNING,
            "With shards, empty files are not part of the signature: they may come and go.",
            "OMS v1.0 section 6.3.2"),
    /** Folders are not signed. */
    EMPTY_FOLDER(
            "empty-folder",
            Verdict.ACCEPT,
            Severity.INFO,
            "Empty folders are not part of a signature: they may come and go.",
            "OMS v1.0 section 5.2.1"),
    /** Files that could take each other's place. */
    NAME_COLLISION(
            "name-collision",
            Verdict.ACCEPT,
            Severity.WARNING,
            "Names differ only in case or in their Unicode form: where that does not count, one file replaces the other.",
            "OMS v1.0 section 6.1.2; CWE-178"),
    /** An old form. */
    UNNAMED_FILE(
            "unnamed-file",
            Verdict.ACCEPT,
            Severity.INFO,
            "The signature is over the content of a single file and not over its name.",
            "OMS v1.0 section 6.1.2"),
    /** Material that was not looked at. */
    UNVERIFIED_MATERIAL(
            "unverified-material",
            Verdict.ACCEPT,
            Severity.INFO,
            "Log entries or time stamps stand in the bundle that were not checked and that nothing depends on.",
            "OMS v1.0 section 4.1"),
    /** Not asked whether it was revoked. */
    REVOCATION(
            "revocation-unchecked",
            Verdict.ACCEPT,
            Severity.INFO,
            "Whether a certificate was revoked was not asked: nothing is read from the network.",
            "RFC 5280 section 6.3"),
    /** Taken from the cache. */
    CACHED(
            "cached",
            Verdict.ACCEPT,
            Severity.INFO,
            "Files were not read again: by size, times and inode they are those that were read before.",
            "");

    private final String rule;
    private final Verdict effect;
    private final Severity severity;
    private final String meaning;
    private final String reference;

    SignatureRule(String rule, Verdict effect, String meaning, String reference) {
        this(rule, effect, Severity.ERROR, meaning, reference);
    }

    SignatureRule(String rule, Verdict effect, Severity severity, String meaning, String reference) {
        this.rule = rule;
        this.effect = effect;
        this.severity = severity;
        this.meaning = meaning;
        this.reference = reference;
    }

    /**
     * The code of its findings.
     *
     * @return {@code signature.} and the rule
     */
    public String code() {
        return "signature." + rule;
    }

    /**
     * The best verdict that is left when the rule is broken.
     *
     * @return {@link Verdict#ACCEPT} if it is only worth knowing
     */
    public Verdict effect() {
        return effect;
    }

    /**
     * How much its findings matter.
     *
     * @return the severity
     */
    public Severity severity() {
        return severity;
    }

    /**
     * What it means if this is found.
     *
     * @return one sentence
     */
    public String meaning() {
        return meaning;
    }

    /**
     * Where the rule comes from.
     *
     * @return specification, RFC or CWE; may be empty
     */
    public String reference() {
        return reference;
    }
}
