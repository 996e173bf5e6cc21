// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * ONNX files of Deeplearning4j networks: square convolutions and maximum pooling in mode Truncate, dense layers, each with
 * ReLU or none, and an output layer, whose activation is left out.
 */
public final class OnnxNetworks {
    private OnnxNetworks() {}

    /**
     * The network as an ONNX file that gives logits.
     *
     * @param network the network
     * @param inputShape shape of one example
     * @return the bytes of the file
     * @throws IllegalArgumentException if a layer is not among those above
     */
    public static byte[] bytes(MultiLayerNetwork network, Shape inputShape) {
        OnnxFile file = OnnxFile.builder(inputShape.toArray());
        for (int i = 0; i < network.getnLayers(); i++) {
            Layer conf = network.getLayerWiseConfigurations().getConf(i).getLayer();
            Map<String, INDArray> parameters = network.getLayer(i).paramTable();
            if (conf instanceof SubsamplingLayer pool) {
                require(
                        pool.getPoolingType() == PoolingType.MAX
                                && pool.getConvolutionMode() == ConvolutionMode.Truncate
                                && square(pool.getPadding()) == 0
                                && square(pool.getDilation()) == 1,
                        pool);
                file.maxPool(square(pool.getKernelSize()), square(pool.getStride()));
                continue;
            }
            INDArray w = parameters.get("W");
            float[] b = Batches.values(parameters.get("b"));
            int in = Math.toIntExact(w.size(conf instanceof ConvolutionLayer ? 1 : 0));
            if (conf instanceof ConvolutionLayer convolution && conf.getClass() == ConvolutionLayer.class) {
                require(convolution.getConvolutionMode() == ConvolutionMode.Truncate, conf);
                file.conv(
                        Batches.values(w),
                        b,
                        b.length,
                        in,
                        square(convolution.getKernelSize()),
                        square(convolution.getStride()),
                        square(convolution.getPadding()),
                        square(convolution.getDilation()),
                        1);
            } else {
                require(conf instanceof DenseLayer || conf instanceof OutputLayer, conf);
                if (file.dims().length > 1) {
                    file.flatten();
                }
                // Deeplearning4j has (in, out).
                file.gemm(Batches.values(w.transpose()), b, b.length, in);
            }
            if (conf instanceof OutputLayer) {
                continue;
            }
            if (((BaseLayer) conf).getActivationFn() instanceof ActivationReLU) {
                file.relu();
            } else {
                require(((BaseLayer) conf).getActivationFn() instanceof ActivationIdentity, conf);
            }
        }
        return file.bytes();
    }

    private static int square(int[] sides) {
        if (sides[0] != sides[1]) {
            throw new IllegalArgumentException("windows must be square, was " + Arrays.toString(sides));
        }
        return sides[0];
    }

    private static void require(boolean known, Layer layer) {
        if (!known) {
            throw new IllegalArgumentException("layer must be one that OnnxNetworks knows, was " + layer);
        }
    }
}
