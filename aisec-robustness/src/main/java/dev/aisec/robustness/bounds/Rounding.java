// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

/**
 * How far sums in double may be from the real ones. A sum of n products, in any order, is within γ_n Σ |terms| of the real
 * one, γ_n = n u / (1 − n u), u = 2⁻⁵³ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1). The
 * factor here is more than three times γ_(n + 8), which pays for rounding Σ |terms| and the few operations around it too.
 */
final class Rounding {
    /** Covers what underflows, as long as values stay below {@link #LARGEST}. */
    static final double TINY = 1e-100;

    /** Largest absolute value of a bound that is used. */
    static final double LARGEST = 1e150;

    /** Relative slack of one or two operations. */
    static final double FEW = 0x1p-51;

    private Rounding() {}

    /** Slack of a sum of n products over the sum of the absolute values of its terms. */
    static double slack(int n) {
        return (n + 8) * 0x1p-51;
    }
}
