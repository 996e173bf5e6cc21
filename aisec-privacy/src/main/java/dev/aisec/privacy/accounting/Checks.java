// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/** The checks that all accountants share. */
final class Checks {
    private Checks() {}

    static void delta(double delta) {
        if (!(delta >= 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in [0, 1), was " + delta);
        }
    }

    static void positiveDelta(double delta) {
        if (!(delta > 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in (0, 1), was " + delta);
        }
    }

    static void epsilon(double epsilon) {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be >= 0 and finite, was " + epsilon);
        }
    }
}
