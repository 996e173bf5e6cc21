// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import java.util.List;

/** Checks of parameters, with messages that name parameter, rule and value. */
final class Checks {
    private static final double SUM_TOLERANCE = 1e-9;

    private Checks() {}

    static void share(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be in [0, 1], was " + value);
        }
    }

    static void positive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    static void notNegative(String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be >= 0 and finite, was " + value);
        }
    }

    static void atLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be >= " + least + ", was " + value);
        }
    }

    static void size(String name, String like, int expected, int actual) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + " must be as many as " + like + ", " + expected + ", were " + actual);
        }
    }

    /** Probabilities that sum to 1 up to rounding of what was typed in. */
    static void distribution(String name, double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException(name + " must be at least one, were none");
        }
        double sum = 0;
        for (double value : values) {
            share(name, value);
            sum += value;
        }
        if (Math.abs(sum - 1) > SUM_TOLERANCE) {
            throw new IllegalArgumentException(name + " must sum to 1, summed to " + sum);
        }
    }

    static <A> List<A> actions(List<A> actions) {
        List<A> copy = List.copyOf(actions);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("actions must be at least one, were none");
        }
        return copy;
    }
}
