// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

/** Randomized smoothing with Gaussian noise, as Cohen, Rosenfeld and Kolter (ICML 2019) have it: {@link Smoothing}. */
public final class GaussianSmoothing {
    private GaussianSmoothing() {}

    /**
     * The paper's parameters: 100 copies to select, 100,000 to estimate, α = 0.001.
     *
     * @param sigma standard deviation of the noise
     * @return the parameters
     */
    public static Smoothing of(double sigma) {
        return Smoothing.of(new SmoothingNoise.Gaussian(sigma));
    }
}
