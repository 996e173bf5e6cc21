// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnaccountedNoiseTest {
    private static final double[] INPUTS = {0, 1, -1, 1.0 / 3, 0.1, Math.PI * 1e5, -1e-300, 4.9e-324, 1e15, -1e300};

    @Test
    void of_anyScale_has40To41BinaryDigitsOfSteps() {
        for (double scale : new double[] {NoiseLattice.MIN_SCALE, 0.3, 1, 1024, 1e9, NoiseLattice.MAX_SCALE}) {
            assertThat(scale / NoiseLattice.of(scale).step()).isBetween(0x1p40, Math.nextDown(0x1p41));
        }
    }

    @Test
    void plus_manyValues_isTheExactSumOnTheLattice() {
        BitSource bits = new SeededBits(3);
        for (int exponent : new int[] {-1000, -60, -41, 0, 30, 900}) {
            NoiseLattice lattice = new NoiseLattice(exponent);
            BigDecimal step = new BigDecimal(lattice.step());
            for (int i = 0; i < 100; i++) {
                // Values from far below a step to far beyond what a long holds.
                double value = Math.scalb((double) bits.nextLong(), exponent - 120 + (int) bits.nextLong(150));
                long noise = bits.nextLong() >> (int) bits.nextLong(64);
                BigDecimal steps = new BigDecimal(value).divide(step).setScale(0, RoundingMode.HALF_EVEN);
                BigDecimal sum = steps.add(BigDecimal.valueOf(noise));
                assertThat(lattice.plus(value, noise))
                        .isEqualTo(sum.multiply(step).doubleValue());
            }
        }
    }

    /** After rounding, neighbours are never further apart than the widened sensitivity: exact, in decimals. */
    @Test
    void sensitivity_roundedNeighbours_areWithin() {
        BitSource bits = new SeededBits(5);
        NoiseLattice lattice = new NoiseLattice(-20);
        BigDecimal step = new BigDecimal(lattice.step());
        int n = 8;
        for (int round = 0; round < 3000; round++) {
            BigDecimal l1 = BigDecimal.ZERO;
            BigDecimal l2 = BigDecimal.ZERO;
            BigDecimal exactL1 = BigDecimal.ZERO;
            BigDecimal exactL2 = BigDecimal.ZERO;
            for (int i = 0; i < n; i++) {
                double a = Math.scalb((double) bits.nextLong(), -80);
                double b = Math.scalb((double) bits.nextLong(), -80);
                BigDecimal d = new BigDecimal(lattice.round(a).subtract(lattice.round(b)))
                        .abs()
                        .multiply(step);
                BigDecimal e = new BigDecimal(a).subtract(new BigDecimal(b)).abs();
                l1 = l1.add(d);
                l2 = l2.add(d.multiply(d));
                exactL1 = exactL1.add(e);
                exactL2 = exactL2.add(e.multiply(e));
            }
            double before = Math.nextUp(exactL1.doubleValue());
            assertThat(l1).isLessThanOrEqualTo(new BigDecimal(lattice.sensitivityL1(before, n)));
            double beforeL2 = Math.nextUp(Math.sqrt(Math.nextUp(exactL2.doubleValue())));
            assertThat(l2).isLessThanOrEqualTo(new BigDecimal(lattice.sensitivityL2(beforeL2, n)).pow(2));
        }
        assertThat(lattice.sensitivityL1(0, 5)).isZero();
        assertThat(lattice.sensitivityL1(1, 1)).isEqualTo(Math.nextUp(1 + 0x1p-20));
        assertThat(lattice.sensitivityL2(1, 4)).isGreaterThanOrEqualTo(1 + 0x1p-19);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-9, 0.7, 3, 1e12})
    void addTo_anyInput_givesMultiplesOfTheStepOnly(double scale) {
        for (UnaccountedNoise noise :
                new UnaccountedNoise[] {UnaccountedNoise.laplace(scale), UnaccountedNoise.gaussian(scale)}) {
            double step = noise.step();
            BitSource bits = new SeededBits(7);
            for (double input : INPUTS) {
                double[] values = new double[1500];
                float[] floats = new float[values.length];
                java.util.Arrays.fill(values, input);
                java.util.Arrays.fill(floats, (float) Math.max(-1e30, input));
                noise.addTo(values, bits);
                noise.addTo(floats, bits);
                for (int i = 0; i < values.length; i++) {
                    // The remainder is exact.
                    assertThat(values[i] % step).isZero();
                    assertThat(floats[i] % step).isZero();
                }
            }
        }
    }

    /**
     * Mironov's attack: textbook noise -b ln(u) added in doubles leaves most outputs of input 1 impossible for input 0. The
     * same question to lattice noise never tells them apart.
     */
    @Test
    void precisionAttack_breaksTextbookNoise_butNotNoiseOnTheLattice() {
        BitSource bits = new SeededBits(9);
        UnaccountedNoise noise = UnaccountedNoise.laplace(1);
        NoiseLattice lattice = noise.lattice();
        int n = 20_000;
        int textbook = 0;
        for (int i = 0; i < n; i++) {
            double u = ((bits.nextLong() >>> 11) + 1) * 0x1p-53;
            double sign = bits.nextLong() < 0 ? -1 : 1;
            textbook += textbookCanGive(0, 1 + sign * -Math.log(u)) ? 0 : 1;

            double output = noise.addTo(1.0, bits);
            // The noise that takes input 0 there is an integer: it has a positive probability.
            BigDecimal steps = new BigDecimal(output).divide(new BigDecimal(lattice.step()));
            long needed = steps.longValueExact();
            assertThat(lattice.plus(0.0, needed)).isEqualTo(output);
        }
        assertThat(textbook).isGreaterThan(n / 5);
    }

    /** Whether some u = k 2⁻⁵³ gives the output: those beside e^-|output - input|. */
    private static boolean textbookCanGive(double input, double output) {
        double sign = output < input ? -1 : 1;
        long near = (long) Math.rint(Math.exp(-Math.abs(output - input)) * 0x1p53);
        for (long k = Math.max(1, near - 8); k <= Math.min(1L << 53, near + 8); k++) {
            if (input + sign * -Math.log(k * 0x1p-53) == output) {
                return true;
            }
        }
        return false;
    }

    /** Mean, standard deviation and bound of noise on doubles; each |z| &lt; 7, 1e-11. */
    @Test
    void addTo_manyValues_hasTheScaleOfTheNoise() {
        int n = 200_000;
        BitSource bits = new SeededBits(15);
        for (double scale : new double[] {0.37, 1e6}) {
            double[] laplace = new double[n];
            UnaccountedNoise.laplace(scale).addTo(laplace, bits);
            double[] gaussian = new double[n];
            UnaccountedNoise.gaussian(scale).addTo(gaussian, bits);
            // Var(X²) is 20 b⁴ for Laplace and 2 σ⁴ for normal noise.
            assertThat((square(laplace) / (2 * scale * scale) - 1) / Math.sqrt(5.0 / n))
                    .isBetween(-7.0, 7.0);
            assertThat((square(gaussian) / (scale * scale) - 1) / Math.sqrt(2.0 / n))
                    .isBetween(-7.0, 7.0);
            double q = UnaccountedNoise.laplace(scale).quantile(0.1);
            long beyond = java.util.Arrays.stream(laplace)
                    .filter(x -> Math.abs(x) > q)
                    .count();
            assertThat((beyond - 0.1 * n) / Math.sqrt(0.09 * n)).isBetween(-7.0, 7.0);
            assertThat(q).isCloseTo(scale * Math.log(10), org.assertj.core.data.Percentage.withPercentage(1e-9));
        }
    }

    private static double square(double[] values) {
        return java.util.Arrays.stream(values).map(x -> x * x).average().orElseThrow();
    }

    @Test
    void addTo_floats_areTheDoublesCut() {
        float[] floats = {1.5f, -2.25f, 1e20f, 0};
        double[] doubles = {1.5, -2.25, 1e20f, 0};
        UnaccountedNoise noise = UnaccountedNoise.gaussian(2);
        noise.addTo(floats, new SeededBits(21));
        noise.addTo(doubles, new SeededBits(21));
        for (int i = 0; i < floats.length; i++) {
            assertThat(floats[i]).isEqualTo((float) doubles[i]);
        }
        noise.addTo(new double[0]);
        assertThat(Double.isFinite(noise.addTo(3.0))).isTrue();
        assertThat(noise.scale()).isEqualTo(2);
    }

    @Test
    void badInput_isRefused() {
        UnaccountedNoise noise = UnaccountedNoise.laplace(1);
        assertThatThrownBy(() -> noise.addTo(Double.NaN)).hasMessage("value must be finite, was NaN");
        double[] values = {1, Double.POSITIVE_INFINITY};
        assertThatThrownBy(() -> noise.addTo(values)).hasMessage("values[1] must be finite, was Infinity");
        assertThat(values[0]).isEqualTo(1);
        assertThatThrownBy(() -> UnaccountedNoise.gaussian(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("sigma must be in [")
                .hasMessageEndingWith(", was 0.0");
        assertThatThrownBy(() -> UnaccountedNoise.laplace(Double.NaN)).hasMessageEndingWith(", was NaN");
        assertThatThrownBy(() -> NoiseLattice.of(1).sensitivityL1(-1, 1))
                .hasMessage("sensitivity must be >= 0 and finite, was -1.0");
        assertThatThrownBy(() -> NoiseLattice.of(1).sensitivityL2(1, 0))
                .hasMessage("values must be in [1, 2^53], was 0");
        assertThatThrownBy(() -> new NoiseLattice(5000)).hasMessage("exponent must be in [-1000, 960], was 5000");
        assertThat(new NoiseLattice(-3).round(0.3125)).isEqualTo(BigInteger.TWO);
    }
}
