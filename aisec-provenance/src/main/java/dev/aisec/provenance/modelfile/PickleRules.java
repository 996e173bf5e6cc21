// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.List;

/** Rules for pickles, alone or within other formats. */
final class PickleRules {
    static final Rule CODE = Rule.reject(
            "pickle.code",
            "Loading would import a function that runs code, or reads or writes what is not in the file.",
            "CWE-502");
    static final Rule GLOBAL = Rule.reject(
            "pickle.global",
            "Loading would import a class or function that is on no list of what only builds numbers and containers.",
            "CWE-502");
    static final Rule COMPUTED = Rule.reject(
            "pickle.computed",
            "What is imported or called is computed while loading, so it cannot be known from the file.",
            "CWE-502");
    static final Rule EXTENSION_CODE = Rule.reject(
            "pickle.extension-code",
            "What is imported stands in a registry of the program that loads, not in the file.",
            "CWE-502");
    static final Rule ARGUMENTS = Rule.reject(
            "pickle.arguments",
            "Something harmless is used in a way in which no pickler uses it, and may not be harmless then.",
            "CWE-88");
    static final Rule FRAME = Rule.reject(
            "pickle.frame",
            "Frames do not fit the opcodes, so unpicklers differ in what they load.",
            "PEP 3154; CPython issue 154848");
    static final Rule MEMO = Rule.reject(
            "pickle.memo",
            "A memo index is far beyond the number of values: the unpickler allocates memory by the index.",
            "CWE-789");
    static final Rule EXPANSION = Rule.reject(
            "pickle.expansion",
            "Values shared many times grow beyond all measure when they are hashed, copied or written.",
            "CWE-776");
    static final Rule NESTED = Rule.reject(
            "pickle.nested",
            "A string or bytes value is itself a pickle that would import code: a second stage.",
            "CWE-506");
    static final Rule TRAILING =
            Rule.reject("pickle.trailing", "Bytes that are no pickle follow the last one.", "CWE-436");
    static final Rule JUNK =
            Rule.reject("pickle.prefix", "Bytes that are no pickle stand before the first one.", "CWE-436");
    static final Rule PERSISTENT = Rule.cannotInspect(
            "pickle.persistent-id", "What an identifier stands for is known only to the program that loads.", "");
    static final Rule OUT_OF_BAND = Rule.cannotInspect(
            "pickle.out-of-band", "Buffers that are not in the file belong to the values.", "PEP 574");
    static final Rule JOBLIB = Rule.cannotInspect(
            "pickle.joblib", "Arrays of joblib stand between the opcodes; what follows cannot be read.", "");
    static final Rule ARRAY =
            Rule.reject("pickle.array", "The bytes of an array are not as many as its shape and type need.", "CWE-131");
    static final Rule OBJECTS =
            Rule.reject("pickle.pointers", "Bytes of the file would become pointers to Python objects.", "CWE-822");
    static final Rule TENSOR =
            Rule.reject("pytorch.tensor", "A tensor reaches outside the storage that it is a view of.", "CWE-125");

    static final List<Rule> ALL = List.of(
            CODE,
            GLOBAL,
            COMPUTED,
            EXTENSION_CODE,
            ARGUMENTS,
            FRAME,
            MEMO,
            EXPANSION,
            NESTED,
            TRAILING,
            JUNK,
            PERSISTENT,
            OUT_OF_BAND,
            JOBLIB,
            ARRAY,
            OBJECTS);

    private PickleRules() {}
}
