// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/** Log-likelihood ratios of sampled noise, for a sensitivity of 1 of one record's presence. */
final class Mixture {
    private Mixture() {}

    /** ln(1 − q + q e^loss). */
    static double sampledLoss(double rate, double loss) {
        return loss > 30 ? loss + Math.log(rate + (1 - rate) * Math.exp(-loss)) : Math.log1p(rate * Math.expm1(loss));
    }

    /** ln of ((1 − q) N(0) + q N(1)) / N(0) at x. */
    static double removeLoss(double rate, double sigma, double x) {
        return rate == 1 ? (x - 0.5) / sigma / sigma : sampledLoss(rate, (x - 0.5) / sigma / sigma);
    }

    /** ln of ((1 − q) N(0) + q N(1)) / ((1 − q) N(0) + q N(−1)) at x. */
    static double replaceLoss(double rate, double sigma, double x) {
        return removeLoss(rate, sigma, x) - removeLoss(rate, sigma, -x);
    }
}
