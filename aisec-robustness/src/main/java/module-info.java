// SPDX-License-Identifier: Apache-2.0
/** Attacks, corruptions, randomized smoothing, detection of adversarial examples, robustness evaluation. */
module dev.aisec.robustness {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;
    requires org.apache.commons.rng.api;
    requires org.apache.commons.rng.sampling;
    requires org.apache.commons.statistics.distribution;

    exports dev.aisec.robustness.attack;
    exports dev.aisec.robustness.bounds;
    exports dev.aisec.robustness.corruption;
    exports dev.aisec.robustness.detect;
    exports dev.aisec.robustness.evaluation;
    exports dev.aisec.robustness.smoothing;
    exports dev.aisec.robustness.training;
}
