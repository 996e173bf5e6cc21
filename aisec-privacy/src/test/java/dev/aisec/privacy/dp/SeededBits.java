// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Seed;
import java.util.random.RandomGenerator;

/** Bits of a seed, for tests that must come out the same each time. */
final class SeededBits implements BitSource {
    private final RandomGenerator random;

    SeededBits(long seed) {
        random = new Seed(seed).generator(0);
    }

    @Override
    public long nextLong() {
        return random.nextLong();
    }
}
