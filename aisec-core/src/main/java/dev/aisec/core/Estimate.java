// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** A number with its uncertainty, or the reason why there is none. Never NaN, never 0/0. */
public sealed interface Estimate {
    /**
     * A measured value.
     *
     * @param value point estimate; finite
     * @param interval confidence interval
     * @param n number of observations behind it; at least 1
     */
    record Measured(double value, Interval interval, long n) implements Estimate {
        /** Checks the components. */
        public Measured {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("value must be finite, was " + value);
            }
            if (n < 1) {
                throw new IllegalArgumentException("n must be >= 1, was " + n);
            }
        }
    }

    /**
     * No value could be given.
     *
     * @param reason why, for a reader
     * @param n number of observations that were there; at least 0
     */
    record Abstained(String reason, long n) implements Estimate {
        /** Checks the components. */
        public Abstained {
            if (reason.isBlank()) {
                throw new IllegalArgumentException("reason must not be blank");
            }
            if (n < 0) {
                throw new IllegalArgumentException("n must be >= 0, was " + n);
            }
        }
    }
}
