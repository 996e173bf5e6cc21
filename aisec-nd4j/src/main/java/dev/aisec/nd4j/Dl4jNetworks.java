// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Network configurations for digit images, freshly initialised. */
public final class Dl4jNetworks {
    private Dl4jNetworks() {}

    /**
     * A small convolutional network of LeNet's size (some 70,000 parameters for 28 × 28 and ten classes) that is cheap in
     * Deeplearning4j: strides instead of pooling. Two convolutions (5 × 5 to 16 maps, 3 × 3 to 32 maps, both with stride
     * 2), 80 hidden units. Its learning rate falls to a tenth within 900 steps.
     *
     * @param height rows of the images; at least 12
     * @param width columns of the images; at least 12
     * @param classes number of classes
     * @param seed seed of the initial weights
     * @return the network, for grey images (1, height, width) given flat
     */
    public static MultiLayerNetwork smallCnn(int height, int width, int classes, long seed) {
        MultiLayerConfiguration configuration = base(seed)
                .list()
                .layer(convolution(16, 5, 2))
                .layer(convolution(32, 3, 2))
                .layer(new DenseLayer.Builder()
                        .nOut(80)
                        .activation(Activation.RELU)
                        .build())
                .layer(output(classes))
                .setInputType(InputType.convolutionalFlat(height, width, 1))
                .build();
        return initialised(configuration);
    }

    /**
     * The LeNet of Caffe's and Deeplearning4j's examples: convolutions of 20 and 50 maps, 5 × 5, each followed by 2 × 2
     * max pooling; 500 hidden units with ReLU.
     *
     * @param height rows of the images; at least 16
     * @param width columns of the images; at least 16
     * @param classes number of classes
     * @param seed seed of the initial weights
     * @return the network, for grey images (1, height, width) given flat
     */
    public static MultiLayerNetwork leNet(int height, int width, int classes, long seed) {
        MultiLayerConfiguration configuration = base(seed)
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5)
                        .nOut(20)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(pool())
                .layer(new ConvolutionLayer.Builder(5, 5)
                        .nOut(50)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(pool())
                .layer(new DenseLayer.Builder()
                        .nOut(500)
                        .activation(Activation.RELU)
                        .build())
                .layer(output(classes))
                .setInputType(InputType.convolutionalFlat(height, width, 1))
                .build();
        return initialised(configuration);
    }

    private static NeuralNetConfiguration.Builder base(long seed) {
        return new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(DataType.FLOAT)
                .weightInit(WeightInit.RELU)
                .convolutionMode(ConvolutionMode.Truncate)
                .updater(new Adam(new ExponentialSchedule(ScheduleType.ITERATION, 3e-3, 0.9975)));
    }

    private static ConvolutionLayer convolution(int maps, int kernel, int stride) {
        return new ConvolutionLayer.Builder(kernel, kernel)
                .stride(stride, stride)
                .nOut(maps)
                .activation(Activation.RELU)
                .build();
    }

    private static SubsamplingLayer pool() {
        return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }

    private static OutputLayer output(int classes) {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nOut(classes)
                .activation(Activation.SOFTMAX)
                .weightInit(WeightInit.XAVIER)
                .build();
    }

    private static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
        Dl4jModels.requireNatives();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }
}
