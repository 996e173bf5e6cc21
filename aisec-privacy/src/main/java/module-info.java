// SPDX-License-Identifier: Apache-2.0
/** Differential privacy: mechanisms, private statistics, accounting, a durable budget. */
@SuppressWarnings("requires-automatic") // commons-math3 has no module descriptor.
module dev.aisec.privacy {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;
    requires commons.math3;
    requires org.apache.commons.statistics.distribution;

    exports dev.aisec.privacy.accounting;
    exports dev.aisec.privacy.dp;
    exports dev.aisec.privacy.leakage;
}
