// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import java.util.random.RandomGenerator;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.ContinuousSampler;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;

/**
 * A stream of standard normal draws for research: McFarland's modified ziggurat with exact tails, as commons-rng has it,
 * so that the draws are the same on every JDK. Not thread-safe; one for each stream. Not for differential privacy.
 *
 * <p>Never ND4J's generator: it is cut off at 4.8 standard deviations.
 */
public final class GaussianNoise {
    private final ContinuousSampler sampler;

    /**
     * A stream.
     *
     * @param generator where its bits come from
     */
    public GaussianNoise(RandomGenerator generator) {
        UniformRandomProvider bits = generator::nextLong;
        sampler = ZigguratSampler.NormalizedGaussian.of(bits);
    }

    /**
     * The next draw.
     *
     * @return z ~ N(0, 1)
     */
    public double next() {
        return sampler.sample();
    }

    /**
     * Writes {@code center + sigma · z} with fresh draws.
     *
     * @param center array to read from
     * @param from where to begin there
     * @param sigma standard deviation
     * @param out array to write to
     * @param to where to begin there
     * @param count how many values
     */
    public void addTo(float[] center, int from, double sigma, float[] out, int to, int count) {
        for (int i = 0; i < count; i++) {
            out[to + i] = (float) (center[from + i] + sigma * sampler.sample());
        }
    }
}
