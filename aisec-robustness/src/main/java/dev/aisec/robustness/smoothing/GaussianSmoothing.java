// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Seed;
import dev.aisec.core.math.ClopperPearson;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * The parameters of randomized smoothing with Gaussian noise.
 *
 * <p>The smoothed classifier g(x) is the class that the base classifier f gives most often to x + σz, z ~ N(0, I). If a
 * lower bound p of that class's probability is above 1/2, g is constant within the L2 radius σ Φ⁻¹(p).
 *
 * <p>Source: Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, ICML 2019, theorem 1
 * and algorithms PREDICT and CERTIFY. Clauses 7.3.2-1 and 7.3.2-5.
 *
 * @param sigma standard deviation of the noise, in units of the inputs; positive and finite
 * @param selection noisy copies that choose the class; the paper uses 100
 * @param samples further noisy copies that bound its probability; the paper uses 100,000
 * @param alpha probability that a certificate is false, for each example; the paper uses 0.001
 * @param batch noisy copies in one call of the base classifier; changes no result
 * @param seed seed of the noise
 */
public record GaussianSmoothing(double sigma, int selection, int samples, double alpha, int batch, Seed seed) {
    /** Checks the components; refuses samples so few that every example would abstain. */
    public GaussianSmoothing {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
        if (selection < 1 || batch < 1) {
            throw new IllegalArgumentException("selection and batch must be >= 1, were " + selection + " and " + batch);
        }
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must be in (0, 1), was " + alpha);
        }
        if (samples < 1 || ClopperPearson.lower(samples, samples, alpha) <= 0.5) {
            throw new IllegalArgumentException("samples must be >= " + fewest(alpha) + " for alpha " + alpha
                    + ", with fewer nothing can be certified; was " + samples);
        }
    }

    /**
     * The paper's parameters: 100 copies to select, 100,000 to estimate, α = 0.001.
     *
     * @param sigma standard deviation of the noise
     * @return the parameters
     */
    public static GaussianSmoothing of(double sigma) {
        return new GaussianSmoothing(sigma, 100, 100_000, 0.001, 256, new Seed(0));
    }

    /**
     * The same with another number of estimation samples.
     *
     * @param count how many
     * @return the parameters
     */
    public GaussianSmoothing withSamples(int count) {
        return new GaussianSmoothing(sigma, selection, count, alpha, batch, seed);
    }

    /**
     * The same with another error probability.
     *
     * @param probability α
     * @return the parameters
     */
    public GaussianSmoothing withAlpha(double probability) {
        return new GaussianSmoothing(sigma, selection, samples, probability, batch, seed);
    }

    /**
     * The same with another batch size.
     *
     * @param size noisy copies in one call
     * @return the parameters
     */
    public GaussianSmoothing withBatch(int size) {
        return new GaussianSmoothing(sigma, selection, samples, alpha, size, seed);
    }

    /**
     * The same with another seed.
     *
     * @param other the seed
     * @return the parameters
     */
    public GaussianSmoothing withSeed(Seed other) {
        return new GaussianSmoothing(sigma, selection, samples, alpha, batch, other);
    }

    /**
     * The certificate for a count of estimation samples: the last lines of CERTIFY.
     *
     * @param candidate the class that the selection samples chose
     * @param hits how many of {@link #samples()} estimation samples gave it
     * @return certified with its radius, rounded down, or abstained
     */
    public Certificate certificate(int candidate, long hits) {
        double lower = ClopperPearson.lower(hits, samples, alpha);
        if (lower <= 0.5) {
            return new Certificate.Abstained(candidate, lower, hits, samples);
        }
        // The quantile is right to 1e-14 relative; take the safe side.
        double radius = sigma * NormalDistribution.of(0, 1).inverseCumulativeProbability(lower) * (1 - 1e-13);
        if (!(radius > 0)) {
            return new Certificate.Abstained(candidate, lower, hits, samples);
        }
        return new Certificate.Certified(candidate, radius, lower, hits, samples);
    }

    /** The smallest n with α^(1/n) > 1/2. */
    private static long fewest(double alpha) {
        return (long) Math.floor(Math.log(alpha) / Math.log(0.5)) + 1;
    }
}
