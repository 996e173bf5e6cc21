// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * Laplace or Gaussian noise for real numbers that no budget pays for: a building block for mechanisms of one's own. Whoever adds
 * it has to work out the loss, and to spend it. {@link LaplaceMechanism}, {@link GaussianMechanism} and {@link VectorGaussian} do
 * so by themselves.
 *
 * <p>Guarantee: the output is the input rounded to a lattice, the multiples of {@link #step}, plus noise of exactly the stated
 * distribution on it, converted to the nearest double (float) at the end. The lattice follows from the scale alone. The Laplace
 * noise is the {@link DiscreteLaplace} of the same scale: epsilon is the sensitivity over the scale. The Gaussian noise is the
 * {@link RoundedGaussian}: as continuous normal noise, rounded. In both the sensitivity is that after rounding:
 * {@link #sensitivityL1} and {@link #sensitivityL2}.
 *
 * <p>Each value gets its own independent noise. Immutable.
 *
 * <p>Source: Mironov, On significance of the least significant bits for differential privacy, CCS 2012 (the attack); Google
 * Differential Privacy Team, Secure noise generation, 2020 (rounding to a data-independent power of two).
 */
public final class UnaccountedNoise {
    private static final int CHUNK = 1024;

    private final NoiseLattice lattice;
    private final IntegerNoise noise;
    private final double scale;

    private UnaccountedNoise(NoiseLattice lattice, IntegerNoise noise, double scale) {
        this.lattice = lattice;
        this.noise = noise;
        this.scale = scale;
    }

    /**
     * Laplace noise.
     *
     * @param scale the scale b, in [2⁻⁹⁰⁰, 2⁹⁰⁰]: density proportional to e^-(|x|/b)
     * @return the noise
     */
    public static UnaccountedNoise laplace(double scale) {
        Checks.requireRange("scale", scale, NoiseLattice.MIN_SCALE, NoiseLattice.MAX_SCALE);
        NoiseLattice lattice = NoiseLattice.of(scale);
        return new UnaccountedNoise(lattice, DiscreteLaplace.of(scale / lattice.step()), scale);
    }

    /**
     * Gaussian noise.
     *
     * @param sigma the standard deviation σ, in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @return the noise
     */
    public static UnaccountedNoise gaussian(double sigma) {
        Checks.requireRange("sigma", sigma, NoiseLattice.MIN_SCALE, NoiseLattice.MAX_SCALE);
        NoiseLattice lattice = NoiseLattice.of(sigma);
        return new UnaccountedNoise(lattice, RoundedGaussian.of(sigma / lattice.step()), sigma);
    }

    NoiseLattice lattice() {
        return lattice;
    }

    /**
     * The distance of neighbouring outputs.
     *
     * @return a power of two, 2⁻⁴⁰ to 2⁻⁴¹ of the scale
     */
    public double step() {
        return lattice.step();
    }

    /**
     * The L1 sensitivity after rounding: what it was, and a step for every value that may differ; rounded up.
     *
     * @param sensitivity the L1 sensitivity of the exact values; at least 0
     * @param values how many values may differ between neighbours; in [1, 2⁵³]
     * @return the sensitivity from which the loss is computed
     */
    public double sensitivityL1(double sensitivity, long values) {
        return lattice.sensitivityL1(sensitivity, values);
    }

    /**
     * The L2 sensitivity after rounding: what it was, and the square root of the number of values that may differ in steps;
     * rounded up.
     *
     * @param sensitivity the L2 sensitivity of the exact values; at least 0
     * @param values how many values may differ between neighbours; in [1, 2⁵³]
     * @return the sensitivity from which the loss is computed
     */
    public double sensitivityL2(double sensitivity, long values) {
        return lattice.sensitivityL2(sensitivity, values);
    }

    /**
     * The scale of the noise.
     *
     * @return b or σ
     */
    public double scale() {
        return scale;
    }

    /**
     * A bound on the distance from input to output, rounding to the lattice included. Beyond 2⁵³ steps of the lattice (2¹²
     * scales from 0) the conversion to a double adds half a unit in the last place of the output.
     *
     * @param upperTail the probability that the bound fails, in (0, 1]
     * @return q with P(|output - input| &gt; q) ≤ upperTail, rounded up
     */
    public double quantile(double upperTail) {
        return Math.nextUp(noise.quantile(upperTail) + 0.5) * lattice.step();
    }

    /**
     * Adds noise to a value.
     *
     * @param value finite
     * @return the noisy value
     */
    public double addTo(double value) {
        return addTo(value, SecureBits.current());
    }

    double addTo(double value, BitSource bits) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("value must be finite, was " + value);
        }
        return lattice.plus(value, noise.sample(bits));
    }

    /**
     * Adds noise to each value, in place.
     *
     * @param values finite; overwritten
     */
    public void addTo(double[] values) {
        addTo(values, SecureBits.current());
    }

    void addTo(double[] values, BitSource bits) {
        for (int i = 0; i < values.length; i++) {
            if (!Double.isFinite(values[i])) {
                throw new IllegalArgumentException("values[" + i + "] must be finite, was " + values[i]);
            }
        }
        long[] drawn = new long[Math.min(CHUNK, values.length)];
        for (int from = 0; from < values.length; from += CHUNK) {
            int count = Math.min(CHUNK, values.length - from);
            noise.fill(drawn, count, bits);
            lattice.plus(values, from, drawn, count);
        }
    }

    /**
     * Adds noise to each value, in place; the sums are rounded to floats at the end.
     *
     * @param values finite; overwritten
     */
    public void addTo(float[] values) {
        addTo(values, SecureBits.current());
    }

    void addTo(float[] values, BitSource bits) {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("values[" + i + "] must be finite, was " + values[i]);
            }
        }
        long[] drawn = new long[Math.min(CHUNK, values.length)];
        for (int from = 0; from < values.length; from += CHUNK) {
            int count = Math.min(CHUNK, values.length - from);
            noise.fill(drawn, count, bits);
            lattice.plus(values, from, drawn, count);
        }
    }
}
