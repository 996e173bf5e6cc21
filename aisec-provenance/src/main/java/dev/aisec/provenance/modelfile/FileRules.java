// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import java.util.List;

/** Rules that hold for files of any format. */
final class FileRules {
    static final Rule EMPTY = Rule.reject("file.empty", "The file has no bytes.", "");
    static final Rule TRUNCATED = Rule.reject(
            "file.truncated", "The file ends before what it announces, or points outside itself.", "CWE-125");
    static final Rule TOO_LARGE = Rule.reject(
            "file.too-large", "The file or a part of it is larger than the limits of the verifier.", "CWE-400");
    static final Rule TOO_MANY = Rule.reject(
            "file.too-many",
            "The file holds more entries, tensors, operators or keys than the limits allow.",
            "CWE-400");
    static final Rule TOO_DEEP =
            Rule.reject("file.too-deep", "Parts are nested deeper than the limits allow.", "CWE-674");
    static final Rule TOO_MUCH_WORK =
            Rule.reject("file.too-much-work", "Reading the file takes more steps than the limits allow.", "CWE-400");
    static final Rule MALFORMED =
            Rule.reject("file.malformed", "The file does not follow the format that it claims to have.", "CWE-20");
    static final Rule UNKNOWN_FORMAT = Rule.cannotInspect(
            "file.unknown-format", "The content is of no format that is known here, so nothing is known about it.", "");
    static final Rule SECOND_CLAIM = Rule.reject(
            "file.second-claim",
            "The content follows two formats at once, so two programs can see two different files.",
            "CWE-436");
    static final Rule EXTENSION =
            Rule.warn("file.extension", "The name of the file says another format than its content has.", "CWE-646");
    static final Rule CHANGED = Rule.reject("file.changed", "The file changed while it was read.", "CWE-367");
    static final Rule UNREADABLE =
            Rule.cannotInspect("file.unreadable", "The file could not be read, so nothing is known about it.", "");
    static final Rule TEXT =
            Rule.note("file.text", "The file is a text as it stands beside models; its words were not judged.", "");
    static final Rule MANY_FINDINGS = Rule.note("file.many-findings", "There are more findings than are listed.", "");

    static final List<Rule> ALL = List.of(
            EMPTY,
            TRUNCATED,
            TOO_LARGE,
            TOO_MANY,
            TOO_DEEP,
            TOO_MUCH_WORK,
            MALFORMED,
            UNKNOWN_FORMAT,
            SECOND_CLAIM,
            EXTENSION,
            CHANGED,
            UNREADABLE,
            TEXT,
            MANY_FINDINGS);

    private FileRules() {}

    static Finding unreadable(String why) {
        return Finding.of(UNREADABLE.effect().severity(), UNREADABLE.code(), why, "");
    }
}
