// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;

/** Bisection over the doubles themselves: ends at neighbours, and says on which side it stands. */
final class Search {
    private Search() {}

    /**
     * The least double in [low, high] that is found to hold, for a condition that holds from somewhere on; it was tested itself.
     *
     * @return infinity if it does not hold at {@code high}
     */
    static double least(double low, double high, DoublePredicate holds) {
        if (holds.test(low)) {
            return low;
        }
        if (!holds.test(high)) {
            return Double.POSITIVE_INFINITY;
        }
        // The bits of doubles >= 0 are in the order of the doubles.
        long below = Double.doubleToLongBits(low + 0.0);
        long above = Double.doubleToLongBits(high);
        while (above - below > 1) {
            long middle = below + (above - below) / 2;
            if (holds.test(Double.longBitsToDouble(middle))) {
                above = middle;
            } else {
                below = middle;
            }
        }
        return Double.longBitsToDouble(above);
    }

    /** The least ε at which a decreasing upper bound of δ(ε) is at most δ. */
    static double epsilonUpper(DoubleUnaryOperator upper, double delta) {
        return least(0, Double.MAX_VALUE, epsilon -> upper.applyAsDouble(epsilon) <= delta);
    }

    /** An ε at which a decreasing lower bound of δ(ε) still exceeds δ, the largest; 0 if there is none. */
    static double epsilonLower(DoubleUnaryOperator lower, double delta) {
        double least = least(0, Double.MAX_VALUE, epsilon -> !(lower.applyAsDouble(epsilon) > delta));
        return least == 0 ? 0 : Math.nextDown(least);
    }
}
