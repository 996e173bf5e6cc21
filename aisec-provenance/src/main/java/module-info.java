// SPDX-License-Identifier: Apache-2.0
/** Where a model comes from: model file verification. */
module dev.aisec.provenance {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;

    exports dev.aisec.provenance.modelfile;
}
