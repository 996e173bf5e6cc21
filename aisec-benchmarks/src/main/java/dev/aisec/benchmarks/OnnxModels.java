// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.OnnxClassifier;
import dev.aisec.nd4j.OnnxNetworks;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Deeplearning4j networks on ONNX Runtime with the same weights, as rivals. */
final class OnnxModels {
    private OnnxModels() {}

    /**
     * The network on ONNX Runtime, on the calling thread only. Its session stays open.
     *
     * @param network LeNet, MLP or another of the layers that {@link OnnxNetworks} knows
     * @param inputShape shape of one example
     * @return the classifier, for inputs in [0, 1]
     */
    static Classifier of(MultiLayerNetwork network, Shape inputShape) {
        int classes =
                Math.toIntExact(network.getOutputLayer().paramTable().get("b").length());
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            OrtSession session =
                    OrtEnvironment.getEnvironment().createSession(OnnxNetworks.bytes(network, inputShape), options);
            return new OnnxClassifier(session, new ModelSpec(inputShape, classes, Bounds.of(0, 1)));
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime must take the network: " + e.getMessage(), e);
        }
    }

    /**
     * Dense layers 784-256-256-10 with ReLU, freshly initialised.
     *
     * @param seed seed of the initial weights
     * @return the network, for images given flat
     */
    static MultiLayerNetwork mlp(long seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(DataType.FLOAT)
                .weightInit(WeightInit.RELU)
                .list()
                .layer(dense(784))
                .layer(dense(256))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(256)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static DenseLayer dense(int in) {
        return new DenseLayer.Builder()
                .nIn(in)
                .nOut(256)
                .activation(Activation.RELU)
                .build();
    }
}
