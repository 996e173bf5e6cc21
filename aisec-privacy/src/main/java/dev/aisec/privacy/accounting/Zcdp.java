// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.function.DoubleUnaryOperator;

/**
 * From Rényi divergence to (ε, δ).
 *
 * <p>Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, proposition 12; Balle et
 * al., Hypothesis Testing Interpretations and Renyi Differential Privacy, AISTATS 2020, theorem 21 is the same bound. It holds
 * at every order, so that an order that is not quite the best costs tightness and never soundness.
 */
final class Zcdp {
    private Zcdp() {}

    /** ln of the δ that order α = 1 + a gives: a (R − ε) + α ln(1 − 1/α) − ln a. */
    static double logDelta(double excess, double divergence, double epsilon) {
        return excess * (divergence - epsilon) - (1 + excess) * Math.log1p(1 / excess) - Math.log(excess);
    }

    /** The ε that order α = 1 + a gives: R + ln(1 − 1/α) − (ln δ + ln α) / a. */
    static double epsilon(double excess, double divergence, double delta) {
        return divergence - Math.log1p(1 / excess) - (Math.log(delta) + Math.log1p(excess)) / excess;
    }

    /** δ(ε) of ρ-zCDP, or more. */
    static double delta(double rho, double epsilon) {
        if (rho == 0) {
            return 0;
        }
        double log = least(excess -> logDelta(excess, (1 + excess) * rho, epsilon));
        return exp(log);
    }

    /** e^log rounded up, never 0. */
    static double exp(double log) {
        return log < -740 ? 1e-320 : Math.min(1, Math.exp(log + Profile.SLACK + 1e-14 * Math.abs(log)));
    }

    /** ε(δ) of ρ-zCDP, or more; infinite at δ = 0 unless ρ is 0. */
    static double epsilon(double rho, double delta) {
        if (rho == 0) {
            return 0;
        }
        if (delta == 0) {
            return Double.POSITIVE_INFINITY;
        }
        double value = least(excess -> epsilon(excess, (1 + excess) * rho, delta));
        return Math.max(0, value + Profile.SLACK * (1 + Math.abs(value)) * Math.min(1, Math.sqrt(rho)));
    }

    /** The least value over orders, by golden section on ln(α − 1). */
    static double least(DoubleUnaryOperator value) {
        double step = (Math.sqrt(5) - 1) / 2;
        double low = Math.log(1e-3);
        double high = Math.log(1e8);
        // A coarse pass first: the bound need not be unimodal.
        double best = low;
        double bestValue = Double.POSITIVE_INFINITY;
        for (double x = low; x <= high; x += 0.5) {
            double y = value.applyAsDouble(Math.exp(x));
            if (y < bestValue) {
                best = x;
                bestValue = y;
            }
        }
        low = best - 0.5;
        high = best + 0.5;
        for (int i = 0; i < 24; i++) {
            double left = high - step * (high - low);
            double right = low + step * (high - low);
            double leftValue = value.applyAsDouble(Math.exp(left));
            double rightValue = value.applyAsDouble(Math.exp(right));
            bestValue = Math.min(bestValue, Math.min(leftValue, rightValue));
            if (leftValue < rightValue) {
                high = right;
            } else {
                low = left;
            }
        }
        return bestValue;
    }
}
