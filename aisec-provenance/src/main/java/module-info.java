// SPDX-License-Identifier: Apache-2.0
/** Where a model comes from: model file verification, signatures. */
module dev.aisec.provenance {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;
    requires org.bouncycastle.provider;

    exports dev.aisec.provenance.modelfile;
    exports dev.aisec.provenance.signing;
}
