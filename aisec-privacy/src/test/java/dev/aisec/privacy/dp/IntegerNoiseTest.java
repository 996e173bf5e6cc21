// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntegerNoiseTest {
    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.5, 3.7, 1024, 0x1.8p40, 0x1p50})
    void quantile_ofDiscreteLaplace_isTheSmallestThatHolds(double t) {
        DiscreteLaplace noise = DiscreteLaplace.of(t);
        for (double tail : new double[] {1, 0.9, 0.5, 0.05, 1e-9, 1e-300}) {
            long m = noise.quantile(tail);
            assertThat(laplaceTail(t, m)).isLessThanOrEqualTo(new BigDecimal(tail));
            if (m > 0) {
                assertThat(laplaceTail(t, m - 1)).isGreaterThan(new BigDecimal(tail));
            }
        }
    }

    /** 2 q^(m+1) / (1 + q). */
    private static BigDecimal laplaceTail(double t, long m) {
        BigDecimal scale = new BigDecimal(t);
        BigDecimal q = BigDecimals.exp(BigDecimal.ONE.negate().divide(scale, BigDecimals.DIGITS));
        BigDecimal power = BigDecimals.exp(BigDecimal.valueOf(-m - 1).divide(scale, BigDecimals.DIGITS));
        return power.multiply(BigDecimal.valueOf(2)).divide(BigDecimal.ONE.add(q), BigDecimals.DIGITS);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, 3.7, 40})
    void quantile_ofDiscreteGaussian_isTheSmallestThatHolds(double sigma) {
        DiscreteGaussian noise = DiscreteGaussian.of(sigma);
        BigDecimal[] weights = Pmf.gaussian(sigma, (int) (40 * sigma) + 40);
        BigDecimal total = BigDecimal.ONE.negate();
        for (BigDecimal w : weights) {
            total = total.add(w.multiply(BigDecimal.valueOf(2)), BigDecimals.DIGITS);
        }
        for (double tail : new double[] {1, 0.9, 0.3, 0.01, 1e-12, 1e-100}) {
            long m = noise.quantile(tail);
            assertThat(tail(weights, m, total)).isLessThanOrEqualTo(new BigDecimal(tail));
            if (m > 0) {
                assertThat(tail(weights, m - 1, total)).isGreaterThan(new BigDecimal(tail));
            }
        }
    }

    private static BigDecimal tail(BigDecimal[] weights, long m, BigDecimal total) {
        BigDecimal sum = BigDecimal.ZERO;
        for (int k = weights.length - 1; k > m; k--) {
            sum = sum.add(weights[k].multiply(BigDecimal.valueOf(2)), BigDecimals.DIGITS);
        }
        return sum.divide(total, BigDecimals.DIGITS);
    }

    /** Against the alternating series of the error function in decimals: erf(x) = 2/√π Σ (-1)^n x^(2n+1) / (n! (2n+1)). */
    @ParameterizedTest
    @ValueSource(doubles = {32, 1000.5, 0x1p40, 0x1p50})
    void quantile_ofRoundedGaussian_isTheSmallestThatHolds(double sigma) {
        RoundedGaussian noise = RoundedGaussian.of(sigma);
        for (double tail : new double[] {1, 0.999, 0.5, 0.05, 1e-5, 1e-12}) {
            long m = noise.quantile(tail);
            assertThat(erfc(sigma, m)).isLessThanOrEqualTo(new BigDecimal(tail));
            if (m > 0) {
                assertThat(erfc(sigma, m - 1)).isGreaterThan(new BigDecimal(tail));
            }
        }
        // z(5e-301) = 37.0656... from the leading terms of Mills' ratio: between 37.0 and 37.1.
        assertThat(noise.quantile(1e-300) / sigma).isBetween(37.0, 37.1);
        assertThat(noise.quantile(Double.MIN_VALUE) / sigma).isBetween(38.0, 39.0);
    }

    private static BigDecimal erfc(double sigma, long m) {
        BigDecimal z = BigDecimal.valueOf(2 * m + 1)
                .divide(new BigDecimal(sigma).multiply(BigDecimal.valueOf(2)), BigDecimals.DIGITS);
        BigDecimal half = z.multiply(z).divide(BigDecimal.valueOf(2), BigDecimals.DIGITS);
        BigDecimal term = z;
        BigDecimal sum = BigDecimal.ZERO;
        for (int n = 0; n < 600; n++) {
            sum = sum.add(term.divide(BigDecimal.valueOf(2L * n + 1), BigDecimals.DIGITS), BigDecimals.DIGITS);
            term = term.multiply(half, BigDecimals.DIGITS).divide(BigDecimal.valueOf(-n - 1), BigDecimals.DIGITS);
        }
        // The first 60 digits of pi.
        BigDecimal pi = new BigDecimal("3.14159265358979323846264338327950288419716939937510582097494");
        BigDecimal root = BigDecimal.valueOf(2).divide(pi, BigDecimals.DIGITS).sqrt(BigDecimals.DIGITS);
        return BigDecimal.ONE.subtract(sum.multiply(root));
    }

    /** The bound for large σ is not below the discrete distribution's own: 300 by summation of its weights. */
    @Test
    void quantile_ofLargeDiscreteGaussian_holds() {
        double sigma = 300;
        DiscreteGaussian noise = DiscreteGaussian.of(sigma);
        for (double tail : new double[] {0.9, 0.1, 1e-6, 1e-30}) {
            assertThat(noise.quantile(tail))
                    .isBetween(
                            GaussianQuantile.discreteQuantile(sigma, tail),
                            Math.max(300, GaussianQuantile.discreteQuantile(sigma, tail) + 1));
        }
    }

    @Test
    void of_scaleOutOfRange_isRefused() {
        for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 0x1.00001p50}) {
            assertThatThrownBy(() -> DiscreteLaplace.of(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("scale must be in [4.9E-324, 1.125899906842624E15], was " + bad);
            assertThatThrownBy(() -> DiscreteGaussian.of(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("sigma must be in [");
            assertThatThrownBy(() -> RoundedGaussian.of(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("sigma must be in [32.0, ");
        }
        for (double bad : new double[] {0, -1, 1.5, Double.NaN}) {
            assertThatThrownBy(() -> DiscreteLaplace.of(1).quantile(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("upperTail must be in (0, 1], was " + bad);
            assertThatThrownBy(() -> RoundedGaussian.of(50).quantile(bad)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> DiscreteGaussian.of(1).quantile(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void sample_extremeScales_works() {
        BitSource bits = new SeededBits(3);
        for (double tiny : new double[] {Double.MIN_VALUE, 1e-300, 1e-5, 0.01}) {
            assertThat(DiscreteLaplace.of(tiny).sample(bits)).isZero();
            assertThat(DiscreteGaussian.of(tiny).sample(bits)).isZero();
        }
        for (IntegerNoise noise : new IntegerNoise[] {
            DiscreteLaplace.of(0x1p50), DiscreteGaussian.of(0x1p50), RoundedGaussian.of(0x1p50), RoundedGaussian.of(32)
        }) {
            long[] values = new long[1000];
            noise.fill(values, 1000, bits);
            long m = noise.quantile(1e-12);
            for (long value : values) {
                assertThat(value).isBetween(-m, m);
            }
        }
    }

    @Test
    void publicMethods_drawSecurely() {
        long[] values = new long[100];
        DiscreteLaplace laplace = DiscreteLaplace.of(1e12);
        DiscreteGaussian gaussian = DiscreteGaussian.of(1e12);
        RoundedGaussian rounded = RoundedGaussian.of(1e12);
        laplace.fill(values);
        assertThat(values).doesNotHaveDuplicates();
        gaussian.fill(values);
        assertThat(values).doesNotHaveDuplicates();
        rounded.fill(values);
        assertThat(values).doesNotHaveDuplicates();
        assertThat(laplace.sample()).isNotEqualTo(laplace.sample());
        assertThat(gaussian.sample()).isNotEqualTo(gaussian.sample());
        assertThat(rounded.sample()).isNotEqualTo(rounded.sample());
        assertThat(laplace.scale() + gaussian.sigma() + rounded.sigma()).isEqualTo(3e12);
    }

    @Test
    void dyadic_anyDouble_isItsExactValue() {
        for (double x : new double[] {1, 0.1, 3.7, Double.MIN_VALUE, Double.MIN_NORMAL, Double.MAX_VALUE, 1024}) {
            ExactDouble.Ratio d = ExactDouble.Ratio.of(x);
            assertThat(new BigDecimal(d.numerator())
                            .compareTo(new BigDecimal(x).multiply(new BigDecimal(d.denominator()))))
                    .isZero();
            assertThat(d.denominator().bitCount()).isEqualTo(1);
            assertThat(d.denominator().equals(BigInteger.ONE) || d.numerator().testBit(0))
                    .isTrue();
        }
    }
}
