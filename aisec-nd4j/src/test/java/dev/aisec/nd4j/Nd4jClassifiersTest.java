// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ClassifierContract;
import dev.aisec.core.model.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/** The contract of every classifier of this module. */
class Nd4jClassifiersTest extends ClassifierContract {
    @Override
    protected Map<String, Classifier> all() {
        Map<String, Classifier> all = new LinkedHashMap<>();
        for (Dl4jClassifierTest.Net net : Dl4jClassifierTest.Net.values()) {
            all.put("Dl4jClassifier " + net, Dl4jClassifier.of(net.make(), Shape.of(1, 12, 12), Bounds.of(-3, 3)));
        }
        return all;
    }
}
