// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * Rényi divergence of Poisson-sampled Gaussian noise at any order above 1, by the trapezoidal rule on the whole line, which
 * converges exponentially, with a certain bound of its error.
 *
 * <p>With r(z) = 1 − q + q e^(z/σ − 1/(2σ²)) and φ the normal density, D_α = ln ∫ φ r^α / (α − 1). In the strip |Im z| ≤ y &lt; πσ
 * the integrand is analytic, and |φ r^α| ≤ e^(y²/2) φ r^α at the real part; so the rule with step h is off by at most
 * 2 e^(y²/2) / (e^(2πy/h) − 1) of the integral.
 *
 * <p>The direction that adds a record never has the larger divergence: Mironov, Talwar, Zhang, Rényi Differential Privacy of the
 * Sampled Gaussian Mechanism, arXiv:1908.10530, 2019, theorem 5.
 *
 * <p>Source of the bound: Trefethen, Weideman, The Exponentially Convergent Trapezoidal Rule, SIAM Review 56, 2014, theorem 5.1.
 */
final class SampledGaussianRenyi {
    private static final int MOST_NODES = 20_000;

    /** ln of the reciprocal of the rule's relative error. */
    private static final double DIGITS = 50;

    private SampledGaussianRenyi() {}

    /**
     * D_α, or slightly more.
     *
     * @param excess α − 1; positive
     * @return infinite if the order would take too long
     */
    static double divergence(double rate, double sigma, double excess) {
        double order = 1 + excess;
        if (rate == 1) {
            return order / sigma / sigma / 2 * (1 + 1e-15);
        }
        double y = Math.min(3.1 * sigma, 8);
        double h = 2 * Math.PI * y / (DIGITS + 0.5 * y * y);
        double left = -12;
        double right = order / sigma + 9.5;
        double count = Math.ceil((right - left) / h);
        if (!(count <= MOST_NODES)) {
            return Double.POSITIVE_INFINITY;
        }
        double exponent = order * excess / sigma / sigma / 2;
        double endLoss = right / sigma - 0.5 / sigma / sigma;
        // Beyond the right end r e^(−loss) is smaller than there, and what is left is the tail of N(α/σ, 1).
        double logTail = order * (Mixture.sampledLoss(rate, endLoss) - endLoss) + exponent + NormalTail.logTail(9);
        double log;
        if (exponent < 300) {
            // The integral of r^α − 1 − α (r − 1), as that of r is 1: nothing cancels however small q is.
            double sum = 0;
            for (int i = 0; i <= count; i++) {
                double z = left + i * h;
                double u = rate * Math.expm1(z / sigma - 0.5 / sigma / sigma);
                sum += Math.exp(-0.5 * z * z) * above(u, order);
            }
            double value = sum * h * NormalTail.density(0);
            double slack = 1e-12 * value
                    + Math.exp(logTail)
                    + order * NormalTail.tail(11)
                    + 4 * Math.exp(-DIGITS) * (value + 2 + 2 * order);
            log = Math.log1p(value + slack);
        } else {
            double[] terms = new double[(int) count + 1];
            double top = Double.NEGATIVE_INFINITY;
            for (int i = 0; i <= count; i++) {
                double z = left + i * h;
                terms[i] = order * Mixture.sampledLoss(rate, z / sigma - 0.5 / sigma / sigma) - 0.5 * z * z;
                top = Math.max(top, terms[i]);
            }
            double sum = 0;
            for (double term : terms) {
                sum += Math.exp(term - top);
            }
            double value = Math.log(sum * h * NormalTail.density(0)) + top;
            log = value + 1e-12 * (1 + Math.abs(value)) + Math.exp(logTail - value) + 4 * Math.exp(-DIGITS);
        }
        // Sampling never adds.
        return Math.min(log / excess * (1 + 1e-14), order / sigma / sigma / 2 * (1 + 1e-15));
    }

    /** (1 + u)^α − 1 − α u, at least 0. */
    private static double above(double u, double order) {
        if (Math.abs(order * u) < 1e-3 && Math.abs(u) < 1e-3) {
            // The binomial series; six terms leave less than 1e-15 of the first.
            double term = order * (order - 1) / 2 * u * u;
            double sum = term;
            for (int k = 3; k <= 8; k++) {
                term *= (order - k + 1) / k * u;
                sum += term;
            }
            return sum;
        }
        return Math.max(0, Math.expm1(order * Math.log1p(u)) - order * u);
    }
}
