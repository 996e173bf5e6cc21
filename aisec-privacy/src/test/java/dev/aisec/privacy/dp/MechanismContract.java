// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;

/** What every mechanism keeps. */
final class MechanismContract {
    private MechanismContract() {}

    static Interval interval(Evidence evidence) {
        Measurement.Scalar scalar = (Measurement.Scalar) evidence.measurements().get(0);
        return ((Estimate.Measured) scalar.estimate()).interval();
    }
}
