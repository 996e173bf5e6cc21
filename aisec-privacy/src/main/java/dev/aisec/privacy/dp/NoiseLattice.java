// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * The multiples of 2^exponent, on which noise is added to real numbers: the input is rounded to the lattice, integer noise is
 * added exactly, and only the sum becomes a double again.
 *
 * <p>Guarantee: the set of possible outputs and their spacing depend on the noise's scale alone, never on the input, so that the
 * low digits of an output say nothing beyond the mechanism's loss. Rounding moves each value by up to half a step, so two
 * neighbouring inputs may be further apart on the lattice than before: {@link #sensitivityL1} and {@link #sensitivityL2} give the
 * sensitivity that holds after rounding, and it is this that a loss must be computed from.
 *
 * <p>It follows from the noise, of which the sensitivity is not known; where that is known, a {@link ValueLattice} does.
 *
 * <p>Source: Mironov, On significance of the least significant bits for differential privacy, CCS 2012 (the attack); Google
 * Differential Privacy Team, Secure noise generation, 2020 (rounding to a data-independent power of two).
 *
 * @param exponent the binary logarithm of the step, in [-1000, 960]
 */
record NoiseLattice(int exponent) {
    /** The smallest noise scale that a lattice is made for. */
    static final double MIN_SCALE = 0x1p-900;
    /** The largest noise scale that a lattice is made for. */
    static final double MAX_SCALE = 0x1p900;

    /** Steps to a scale, as a power of two: what rounding costs is 2⁻⁴⁰ of it. */
    private static final int STEPS_OF_A_SCALE = 40;

    private static final int MIN_EXPONENT = -1000;
    private static final int MAX_EXPONENT = 960;
    /** Sums of two numbers below this fit into a long. */
    private static final long FITS = 1L << 62;

    /** Refuses an exponent whose steps a double cannot hold. */
    NoiseLattice {
        if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT) {
            throw new IllegalArgumentException(
                    "exponent must be in [" + MIN_EXPONENT + ", " + MAX_EXPONENT + "], was " + exponent);
        }
    }

    /**
     * The lattice for a noise scale: 2⁴⁰ to 2⁴¹ steps to the scale.
     *
     * @param noiseScale the scale or standard deviation of the noise, in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @return the lattice
     */
    static NoiseLattice of(double noiseScale) {
        Checks.requireRange("noiseScale", noiseScale, MIN_SCALE, MAX_SCALE);
        return new NoiseLattice(Math.getExponent(noiseScale) - STEPS_OF_A_SCALE);
    }

    /** 2^exponent. */
    double step() {
        return Math.scalb(1.0, exponent);
    }

    /**
     * The L1 sensitivity after rounding: what it was, and a step for every value that may differ; rounded up.
     *
     * @param sensitivity the L1 sensitivity of the exact values, ≥ 0
     * @param values how many values may differ between neighbours, in [1, 2⁵³]
     * @return the bound; in steps, divide by {@link #step()}, which is exact
     */
    double sensitivityL1(double sensitivity, long values) {
        return widened(sensitivity, values, values);
    }

    /**
     * The L2 sensitivity after rounding: what it was, and the square root of the number of values that may differ in steps;
     * rounded up.
     *
     * @param sensitivity the L2 sensitivity of the exact values, ≥ 0
     * @param values how many values may differ between neighbours, in [1, 2⁵³]
     * @return the bound; in steps, divide by {@link #step()}, which is exact
     */
    double sensitivityL2(double sensitivity, long values) {
        return widened(sensitivity, values, values == 1 ? 1 : Arithmetic.rootUp(values));
    }

    private double widened(double sensitivity, long values, double steps) {
        if (!(sensitivity >= 0) || sensitivity == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("sensitivity must be >= 0 and finite, was " + sensitivity);
        }
        if (values < 1 || values > 1L << 53) {
            throw new IllegalArgumentException("values must be in [1, 2^53], was " + values);
        }
        // Equal values stay equal.
        return sensitivity == 0 ? 0 : Math.nextUp(sensitivity + steps * step());
    }

    /** A value in steps, rounded to the nearest (halves to even). */
    BigInteger round(double value) {
        BigDecimal exact = new BigDecimal(value);
        BigDecimal power = new BigDecimal(BigInteger.ONE.shiftLeft(Math.abs(exponent)));
        return exponent <= 0
                ? exact.multiply(power).setScale(0, RoundingMode.HALF_EVEN).toBigInteger()
                : exact.divide(power, 0, RoundingMode.HALF_EVEN).toBigInteger();
    }

    /** The value on the lattice plus noise, to the nearest double. */
    double plus(double value, long noise) {
        return plus(value, noise, Math.scalb(1.0, -exponent), step());
    }

    /** The same with the powers of two at hand. */
    private double plus(double value, long noise, double inverse, double step) {
        // A power of two only moves the exponent: exact, but for what rounds to 0 in any case.
        double steps = value * inverse;
        if (Math.abs(steps) < FITS && noise < FITS && noise > -FITS) {
            return ((long) Math.rint(steps) + noise) * step;
        }
        BigDecimal sum = new BigDecimal(round(value).add(BigInteger.valueOf(noise)));
        return sum.multiply(new BigDecimal(step)).doubleValue();
    }

    /** Adds noise[i] to values[from + i]. */
    void plus(double[] values, int from, long[] noise, int count) {
        double inverse = Math.scalb(1.0, -exponent);
        double step = step();
        for (int i = 0; i < count; i++) {
            values[from + i] = plus(values[from + i], noise[i], inverse, step);
        }
    }

    /** Adds noise[i] to values[from + i], in double precision until the sum is cut to a float. */
    void plus(float[] values, int from, long[] noise, int count) {
        double inverse = Math.scalb(1.0, -exponent);
        double step = step();
        for (int i = 0; i < count; i++) {
            values[from + i] = (float) plus(values[from + i], noise[i], inverse, step);
        }
    }
}
