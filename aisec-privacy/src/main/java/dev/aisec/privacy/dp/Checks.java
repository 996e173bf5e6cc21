// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;

/** Refusals that several mechanisms share. */
final class Checks {
    private Checks() {}

    static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    /** Far enough from the ends of the double range that no quotient or lattice point underflows or overflows. */
    static void requireSensitivity(double value) {
        if (!(0x1p-900 <= value && value <= 0x1p900)) {
            throw new IllegalArgumentException("sensitivity must be in [2^-900, 2^900], was " + value);
        }
    }

    static void requireRange(String name, double value, double least, double most) {
        if (!(least <= value && value <= most)) {
            throw new IllegalArgumentException(name + " must be in [" + least + ", " + most + "], was " + value);
        }
    }

    static void requireFinite(String name, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(name + " must be finite, was " + value);
        }
    }

    static void requireScores(double[] scores, int least) {
        if (scores.length < least) {
            throw new IllegalArgumentException("scores must be at least " + least + ", were " + scores.length);
        }
        for (int i = 0; i < scores.length; i++) {
            if (!Double.isFinite(scores[i])) {
                throw new IllegalArgumentException("scores must be finite, score " + i + " was " + scores[i]);
            }
        }
    }

    /** A sensitivity belongs to one relation; under another one the noise would be too small or too large. */
    static void requireRelation(Neighbouring own, Neighbouring asked) {
        if (own != asked) {
            throw new IllegalArgumentException(
                    "neighbouring must be " + own + ", for which the sensitivity holds, was " + asked);
        }
    }

    /** The largest number of entries that are kept of a user. */
    static void requireContributions(int contributions) {
        if (contributions < 1 || contributions > SumAccumulator.MAX_CONTRIBUTIONS) {
            throw new IllegalArgumentException(
                    "contributions must be in [1, " + SumAccumulator.MAX_CONTRIBUTIONS + "], were " + contributions);
        }
    }
}
