// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/**
 * The analytic calibration of Gaussian noise: the least noise for (ε, δ), which the classical formula overstates, and which it
 * understates for ε above 1.
 *
 * <p>Computed in log space and rounded outward, so that it holds for ε up to 800 and δ down to 1e-30 and never yields zero.
 *
 * <p>Source: Balle, Wang, Improving the Gaussian Mechanism for Differential Privacy: Analytical Calibration and Optimal
 * Denoising, ICML 2018, theorem 8 and algorithm 1.
 */
public final class GaussianCalibration {
    private static final double LARGEST = 1e300;

    private GaussianCalibration() {}

    /**
     * The least noise multiplier σ / Δ for (ε, δ); the multiplier returned is certain to suffice.
     *
     * @param epsilon ε; at least 0 and finite
     * @param delta δ; in (0, 1)
     * @return σ / Δ, larger than the least one by a relative 1e-9 at most; positive
     */
    public static double noiseMultiplier(double epsilon, double delta) {
        Checks.epsilon(epsilon);
        Checks.positiveDelta(delta);
        double multiplier =
                Search.least(Double.MIN_NORMAL, LARGEST, candidate -> Math.exp(log(candidate, epsilon)) <= delta);
        if (multiplier == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "epsilon and delta must not both be near 0, were " + epsilon + " and " + delta);
        }
        return multiplier;
    }

    /** ln δ(ε) and its slack. */
    private static double log(double multiplier, double epsilon) {
        double value = Profile.logGaussian(multiplier, epsilon);
        return value < -1e4 ? value : value + Profile.SLACK - 1e-14 * value;
    }

    /**
     * The least ε at δ.
     *
     * @param noiseMultiplier σ / Δ; positive and finite
     * @param delta δ; in [0, 1)
     * @return an enclosure of ε
     */
    public static PrivacyInterval epsilon(double noiseMultiplier, double delta) {
        Checks.delta(delta);
        return profile(noiseMultiplier).epsilon(delta);
    }

    /**
     * The least δ at ε.
     *
     * @param noiseMultiplier σ / Δ; positive and finite
     * @param epsilon ε; at least 0 and finite
     * @return an enclosure of δ
     */
    public static PrivacyInterval delta(double noiseMultiplier, double epsilon) {
        Checks.epsilon(epsilon);
        return profile(noiseMultiplier).delta(epsilon);
    }

    private static Profile profile(double noiseMultiplier) {
        return Profile.of(new PrivacyLoss.Gaussian(noiseMultiplier, Neighbouring.ADD_REMOVE));
    }
}
