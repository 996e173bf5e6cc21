// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ClassifierContract;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.nd4j.engine.Window;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The contract of every classifier of this module. */
class Nd4jClassifiersTest extends ClassifierContract {
    /** Layers before a dense layer of three logits, with random weights. */
    private static CompiledNetwork engine(LayerSpec... before) {
        List<NetworkSpec.Layer> layers = new ArrayList<>();
        for (int i = 0; i < before.length; i++) {
            layers.add(new NetworkSpec.Layer("layer" + i, before[i]));
        }
        layers.add(new NetworkSpec.Layer("out", new LayerSpec.Dense(3, true, Activation.IDENTITY)));
        NetworkSpec spec = new NetworkSpec(Shape.of(1, 12, 12), layers);
        float[] parameters = new float[before.length == 1 ? 144 * 9 + 9 + 27 + 3 : 4 + 36 + 4 * 16 * 3 + 3];
        RandomGenerator random = new Seed(8).generator(0);
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = 0.2f * (random.nextFloat() - 0.5f);
        }
        return Networks.of(spec, parameters, Bounds.of(-3, 3));
    }

    @Override
    protected Map<String, Classifier> all() {
        Map<String, Classifier> all = new LinkedHashMap<>();
        for (Dl4jClassifierTest.Net net : Dl4jClassifierTest.Net.values()) {
            all.put("Dl4jClassifier " + net, Dl4jClassifier.of(net.make(), Shape.of(1, 12, 12), Bounds.of(-3, 3)));
        }
        all.put("CompiledNetwork MLP", engine(new LayerSpec.Dense(9, true, Activation.of(Activation.Kind.TANH))));
        all.put(
                "CompiledNetwork CNN",
                engine(
                        new LayerSpec.Convolution(4, Window.square(3, 2), 1, true, Activation.RELU),
                        new LayerSpec.Pooling(LayerSpec.Reduction.AVERAGE, true, Window.square(2, 1))));
        for (Dl4jClassifierTest.Net net : Dl4jClassifierTest.Net.values()) {
            if (net.compiles()) {
                all.put("Compiled " + net, Networks.compile(net.make(), Shape.of(1, 12, 12), Bounds.of(-3, 3)));
            }
        }
        all.put("SameDiffClassifier MLP", SameDiffClassifierTest.classifier(false));
        all.put("SameDiffClassifier CNN", SameDiffClassifierTest.classifier(true));
        all.put("OnnxClassifier LeNet", OnnxClassifierTest.Net.LENET.onnx());
        all.put("OnnxClassifier MLP", OnnxClassifierTest.Net.MLP.onnx());
        return all;
    }
}
