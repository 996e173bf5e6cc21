// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/** Operations whose rounding is on a known side. */
final class Arithmetic {
    private Arithmetic() {}

    /** a · b, not below the exact product; both positive, the product in the normal range. */
    static double timesUp(double a, double b) {
        double product = a * b;
        return Math.fma(a, b, -product) > 0 ? Math.nextUp(product) : product;
    }

    /** a / b, not below the exact quotient; both positive, the quotient in the normal range. */
    static double overUp(double a, double b) {
        double quotient = a / b;
        return Math.fma(quotient, b, -a) < 0 ? Math.nextUp(quotient) : quotient;
    }

    /** a / b, not above the exact quotient; both positive, the quotient in the normal range. */
    static double overDown(double a, double b) {
        double quotient = a / b;
        return Math.fma(quotient, b, -a) > 0 ? Math.nextDown(quotient) : quotient;
    }

    /** √n, above it. */
    static double rootUp(long n) {
        return Math.nextUp(Math.sqrt(n));
    }

    /** a + b at the ends of the long range instead of beyond. */
    static long plusClamped(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
    }
}
