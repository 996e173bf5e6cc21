// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ClassifierContract;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Map;

/** The contract of every classifier of this module. */
class RobustnessClassifiersTest extends ClassifierContract {
    @Override
    protected Map<String, Classifier> all() {
        LinearClassifier base = new LinearClassifier(
                new float[][] {{1, 0}, {0, 1}, {-1, -1}},
                new float[3],
                new ModelSpec(Shape.of(2), 3, Bounds.of(-1, 1)));
        return Map.of(
                "SmoothedClassifier",
                SmoothedClassifier.of(base, GaussianSmoothing.of(0.5).withSamples(100)),
                "SoftSmoothedClassifier",
                new SoftSmoothedClassifier(base, 0.5, 3, new Seed(1)));
    }
}
