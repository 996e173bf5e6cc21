// SPDX-License-Identifier: Apache-2.0
/** The words of aisec: techniques, evidence, batches, model interfaces, canonical JSON, exact statistics. */
module dev.aisec.core {
    requires static transitive org.jspecify;
    requires org.apache.commons.statistics.distribution;

    exports dev.aisec.core;
    exports dev.aisec.core.json;
    exports dev.aisec.core.math;
    exports dev.aisec.core.model;
}
