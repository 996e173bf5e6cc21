// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Dl4jClassifier;
import dev.aisec.nd4j.Dl4jNetworks;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

class OnnxModelsTest {
    @Test
    void of_leNetAndMlp_giveLogitsOfDeeplearning4j() {
        agree(Dl4jNetworks.leNet(28, 28, 10, 1), Shape.of(1, 28, 28));
        agree(OnnxModels.mlp(1), Shape.of(784));
        agree(OnnxModels.mlp(1), Shape.of(1, 28, 28));
    }

    private static void agree(MultiLayerNetwork network, Shape shape) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[8 * 784];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        Batch inputs = Batch.wrap(pixels, shape);
        float[] expected = Dl4jClassifier.of(network, shape, Bounds.of(0, 1))
                .logits(inputs)
                .toArray();
        float[] actual = OnnxModels.of(network, shape).logits(inputs).toArray();
        double largest = 0;
        for (float z : expected) {
            largest = Math.max(largest, Math.abs(z));
        }
        assertThat(largest).isPositive();
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs((double) actual[i] - expected[i])).isLessThanOrEqualTo(1e-4 * largest);
        }
    }
}
