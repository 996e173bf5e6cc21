// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Seed;
import dev.aisec.core.math.ClopperPearson;

/**
 * The parameters of randomized smoothing with a fixed number of samples.
 *
 * <p>The smoothed classifier g(x) is the class that the base classifier f gives most often to noisy copies of x. If a lower
 * bound p of that class's probability is above 1/2, g is constant within the {@link SmoothingNoise#radius radius} of p.
 *
 * <p>Source: Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, ICML 2019, algorithms
 * PREDICT and CERTIFY. Clauses 7.3.2-1 and 7.3.2-5.
 *
 * @param noise the noise
 * @param selection noisy copies that choose the class; the paper uses 100
 * @param samples further noisy copies that bound its probability; the paper uses 100,000
 * @param alpha probability that a certificate is false, for each example; the paper uses 0.001
 * @param batch noisy copies in one call of the base classifier; changes no result
 * @param seed seed of the noise
 */
public record Smoothing(SmoothingNoise noise, int selection, int samples, double alpha, int batch, Seed seed) {
    /** Checks the components; refuses samples so few that every example would abstain. */
    public Smoothing {
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
     * Cohen's parameters: 100 copies to select, 100,000 to estimate, α = 0.001.
     *
     * @param noise the noise
     * @return the parameters
     */
    public static Smoothing of(SmoothingNoise noise) {
        return new Smoothing(noise, 100, 100_000, 0.001, 256, new Seed(0));
    }

    /**
     * The same with another number of estimation samples.
     *
     * @param count how many
     * @return the parameters
     */
    public Smoothing withSamples(int count) {
        return new Smoothing(noise, selection, count, alpha, batch, seed);
    }

    /**
     * The same with another number of selection samples.
     *
     * @param count how many
     * @return the parameters
     */
    public Smoothing withSelection(int count) {
        return new Smoothing(noise, count, samples, alpha, batch, seed);
    }

    /**
     * The same with another error probability.
     *
     * @param probability α
     * @return the parameters
     */
    public Smoothing withAlpha(double probability) {
        return new Smoothing(noise, selection, samples, probability, batch, seed);
    }

    /**
     * The same with another batch size.
     *
     * @param size noisy copies in one call
     * @return the parameters
     */
    public Smoothing withBatch(int size) {
        return new Smoothing(noise, selection, samples, alpha, size, seed);
    }

    /**
     * The same with another seed.
     *
     * @param other the seed
     * @return the parameters
     */
    public Smoothing withSeed(Seed other) {
        return new Smoothing(noise, selection, samples, alpha, batch, other);
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
        return new Certificate.Certified(candidate, noise.radius(lower), lower, hits, samples);
    }

    /** The smallest n with α^(1/n) > 1/2. */
    private static long fewest(double alpha) {
        return (long) Math.floor(Math.log(alpha) / Math.log(0.5)) + 1;
    }
}
