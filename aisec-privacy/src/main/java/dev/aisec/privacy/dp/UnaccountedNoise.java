// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * Laplace or Gaussian noise for real numbers, exact on a {@link NoiseLattice}.
 *
 * <p>Guarantee: the output is the input rounded to the lattice plus noise of exactly the stated distribution on it, converted
 * to the nearest double (float) at the end. The Laplace noise is the {@link DiscreteLaplace} of the same scale: epsilon is the
 * sensitivity over the scale. The Gaussian noise is the {@link RoundedGaussian}: as continuous normal noise, rounded. In both
 * the sensitivity is that after rounding: {@link NoiseLattice#sensitivityL1} and {@link NoiseLattice#sensitivityL2} of {@link #lattice()}.
 *
 * <p>Adding draws noise and accounts for nothing: it is a building block for mechanisms. Each value gets its own independent
 * noise.
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

    /**
     * Where the noise lives.
     *
     * @return the lattice
     */
    public NoiseLattice lattice() {
        return lattice;
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
