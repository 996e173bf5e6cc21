// SPDX-License-Identifier: Apache-2.0
/** The words of aisec: techniques, evidence, batches, model interfaces. */
module dev.aisec.core {
    requires static transitive org.jspecify;
    requires org.apache.commons.statistics.distribution;

    exports dev.aisec.core;
    exports dev.aisec.core.model;
}
