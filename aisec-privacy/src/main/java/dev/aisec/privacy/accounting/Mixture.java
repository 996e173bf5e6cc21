// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/** Log-likelihood ratios of sampled Gaussian noise, for a sensitivity of 1 of one record's presence. */
final class Mixture {
    private Mixture() {}

    /** ln of ((1 − q) N(0) + q N(1)) / N(0) at x. */
    static double removeLoss(double rate, double sigma, double x) {
        double exponent = (x - 0.5) / sigma / sigma;
        return exponent > 30
                ? exponent + Math.log(rate + (1 - rate) * Math.exp(-exponent))
                : Math.log1p(rate * Math.expm1(exponent));
    }

    /** ln of ((1 − q) N(0) + q N(1)) / ((1 − q) N(0) + q N(−1)) at x. */
    static double replaceLoss(double rate, double sigma, double x) {
        return removeLoss(rate, sigma, x) - removeLoss(rate, sigma, -x);
    }
}
