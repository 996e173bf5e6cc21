// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The seed of research randomness: attacks, smoothing, bootstrap. A value, so that the same call gives the same answer.
 *
 * <p>It gives one independent stream for each item, so that draws do not depend on batch size or threads. Not for keys
 * and not for the noise of differential privacy: those come from a secure generator.
 *
 * @param value the seed
 */
public record Seed(long value) {
    private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
            RandomGeneratorFactory.of("L64X128MixRandom");

    /**
     * The generator of one item. Equal seed and stream give equal draws on every JDK.
     *
     * @param stream number of the item, for example the row
     * @return a fresh generator, for one thread
     */
    public RandomGenerator generator(long stream) {
        return FACTORY.create(mix(value + mix(stream)));
    }

    /**
     * A seed for a named part of a run, so that parts do not share streams.
     *
     * @param part name of the part
     * @return the derived seed
     */
    public Seed derive(String part) {
        long h = value;
        for (int i = 0; i < part.length(); i++) {
            h = mix(h ^ part.charAt(i));
        }
        return new Seed(mix(h + part.length()));
    }

    /**
     * A seed nobody can guess; note its value to repeat the run.
     *
     * @return a random seed
     */
    public static Seed fresh() {
        return new Seed(new SecureRandom().nextLong());
    }

    /** Bijective finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, variant 13). */
    private static long mix(long z) {
        z += 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
