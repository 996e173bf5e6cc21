// SPDX-License-Identifier: Apache-2.0
/** One assessment out of evidence, as canonical JSON, HTML and Markdown. */
module dev.aisec.assessment {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;

    exports dev.aisec.assessment;
}
