// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.Networks;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** The networks that rivals run, and their inputs. */
public final class Rivals {
    static final Shape IMAGE = Shape.of(1, 28, 28);
    static final Bounds PIXELS = Bounds.of(0, 1);

    private Rivals() {}

    /** The network. */
    public enum Net {
        /** Convolutions of 20 and 50 maps, 500 hidden units. */
        LENET,
        /** Dense layers 784-256-256-10. */
        MLP;

        MultiLayerNetwork make() {
            return this == LENET ? Dl4jNetworks.leNet(28, 28, 10, 1) : OnnxModels.mlp(1);
        }
    }

    static Batch images(int rows) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[rows * IMAGE.size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        return Batch.wrap(pixels, IMAGE);
    }

    /** Rivals must compute the same. */
    static void requireSame(MultiLayerNetwork network, Classifier rival, Batch inputs) {
        float[] expected =
                Networks.compile(network, IMAGE, PIXELS).logits(inputs).toArray();
        float[] actual = rival.logits(inputs).toArray();
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) < 1e-3)) {
                throw new IllegalStateException("logit " + i + " must be " + expected[i] + ", was " + actual[i]);
            }
        }
    }
}
