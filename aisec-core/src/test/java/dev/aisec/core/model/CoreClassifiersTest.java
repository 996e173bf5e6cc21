// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Map;

/** The classifiers of this module, and the test models that other modules rely on. */
class CoreClassifiersTest extends ClassifierContract {
    @Override
    protected Map<String, Classifier> all() {
        ModelSpec spec = new ModelSpec(Shape.of(3), 2, Bounds.of(-1, 1));
        return Map.of(
                "linear",
                new LinearClassifier(new float[][] {{1, -2, 0.5f}, {0, 1, 3}}, new float[] {0.1f, 0}, spec),
                "feed forward, dense",
                RandomNetworks.mlp(1, 0, 4, 8, 3),
                "feed forward, every layer",
                RandomNetworks.cnn(1));
    }
}
