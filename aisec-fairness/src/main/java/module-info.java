// SPDX-License-Identifier: Apache-2.0
/** Fairness: audit, repair before, in and after training, simulation over time. */
@SuppressWarnings("requires-automatic") // commons-math3 has no module descriptor.
module dev.aisec.fairness {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;
    requires commons.math3;
    requires org.apache.commons.statistics.distribution;

    exports dev.aisec.fairness.metric;
    exports dev.aisec.fairness.preprocess;
    exports dev.aisec.fairness.constraint;
    exports dev.aisec.fairness.postprocess;
    exports dev.aisec.fairness.simulation;
}
