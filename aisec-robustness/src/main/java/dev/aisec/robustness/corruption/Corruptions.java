// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import java.util.List;

/** The built-in corruptions. */
public final class Corruptions {
    private Corruptions() {}

    /**
     * Noise, blur, contrast, brightness and rotation, with their standard severities.
     *
     * @param seed seed of the random ones
     * @return the list
     */
    public static List<Corruption> standard(Seed seed) {
        return List.of(
                AdditiveNoise.standard(seed),
                Blur.standard(),
                Contrast.standard(),
                Brightness.standard(),
                Rotation.standard(seed));
    }
}
