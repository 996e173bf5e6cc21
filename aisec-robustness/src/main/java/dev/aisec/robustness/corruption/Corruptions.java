// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import java.util.List;

/** The built-in corruptions. */
public final class Corruptions {
    private Corruptions() {}

    /**
     * All 22, with their standard severities: noise, blur, digital and weather, geometry.
     *
     * @param seed seed of the random ones
     * @return the list; names are unique
     */
    public static List<Corruption> standard(Seed seed) {
        return List.of(
                AdditiveNoise.standard(seed),
                ShotNoise.standard(seed),
                ImpulseNoise.standard(seed),
                SpeckleNoise.standard(seed),
                GaussianBlur.standard(),
                DefocusBlur.standard(),
                MotionBlur.standard(seed),
                ZoomBlur.standard(),
                GlassBlur.standard(seed),
                Contrast.standard(),
                Brightness.standard(),
                Gamma.standard(),
                Pixelate.standard(),
                JpegCompression.standard(),
                Fog.standard(seed),
                Spatter.standard(seed),
                DottedLine.standard(seed),
                Rotation.standard(seed),
                Scaling.standard(),
                Translation.standard(seed),
                Shear.standard(seed),
                ElasticTransform.standard(seed));
    }
}
