// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonBoolean;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** How many parameters a layer of a configuration has, for the layers whose number follows from few fields. */
final class Dl4jParameters {
    private Dl4jParameters() {}

    /** Empty where the number is not known here. */
    static OptionalLong of(String type, JsonObject layer) throws IOException {
        try {
            return count(type, layer);
        } catch (ArithmeticException e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong count(String type, JsonObject layer) throws IOException {
        switch (type) {
            case "ActivationLayer", "activation":
            case "DropoutLayer", "dropout":
            case "LossLayer", "loss":
            case "RnnLossLayer", "CnnLossLayer", "Cnn3DLossLayer":
            case "SubsamplingLayer", "Subsampling1DLayer", "Subsampling3DLayer", "subsampling", "subsampling1d":
            case "LocalResponseNormalization", "localResponseNormalization":
            case "GlobalPoolingLayer", "GlobalPooling":
            case "ZeroPaddingLayer", "ZeroPadding1DLayer", "ZeroPadding3DLayer", "zeroPadding", "zeroPadding1d":
            case "Upsampling1D", "Upsampling2D", "Upsampling3D":
            case "Cropping1D", "Cropping2D", "Cropping3D":
            case "SpaceToDepthLayer", "SpaceToBatchLayer", "RepeatVector", "MaskLayer", "Yolo2OutputLayer":
                return OptionalLong.of(0);
            case "DenseLayer", "OutputLayer", "RnnOutputLayer", "dense", "output", "rnnoutput":
                return flag(layer, "hasLayerNorm", false) ? OptionalLong.empty() : matrix(layer, 1);
            case "ConvolutionLayer", "Convolution2D", "Convolution1DLayer", "Convolution1D", "Convolution3D":
            case "Deconvolution2D", "Deconvolution3D", "convolution":
                OptionalLong kernel = product(layer.members().get("kernelSize"));
                return kernel.isEmpty() ? kernel : matrix(layer, kernel.getAsLong());
            case "LSTM":
                return recurrent(layer, 4, 0);
            case "GravesLSTM", "gravesLSTM":
                return recurrent(layer, 4, 3);
            case "GravesBidirectionalLSTM", "gravesBidirectionalLSTM":
                OptionalLong one = recurrent(layer, 4, 3);
                return one.isEmpty() ? one : OptionalLong.of(Math.multiplyExact(2L, one.getAsLong()));
            case "SimpleRnn":
                return flag(layer, "hasLayerNorm", false) ? OptionalLong.empty() : recurrent(layer, 1, 0);
            case "FrozenLayer":
                Dl4jConfiguration.Typed inner =
                        Dl4jConfiguration.typed(layer.members().get("layer"));
                return count(inner.type().substring(inner.type().lastIndexOf('.') + 1), inner.members());
            default:
                return OptionalLong.empty();
        }
    }

    private static OptionalLong matrix(JsonObject layer, long kernel) {
        OptionalLong in = Dl4jConfiguration.whole(layer, "nin");
        OptionalLong out = Dl4jConfiguration.whole(layer, "nout");
        if (in.isEmpty() || out.isEmpty()) {
            return OptionalLong.empty();
        }
        long weights = Math.multiplyExact(Math.multiplyExact(in.getAsLong(), out.getAsLong()), kernel);
        return OptionalLong.of(Math.addExact(weights, flag(layer, "hasBias", true) ? out.getAsLong() : 0));
    }

    /** Input weights, recurrent weights with peepholes, biases. */
    private static OptionalLong recurrent(JsonObject layer, long gates, long peepholes) {
        OptionalLong in = Dl4jConfiguration.whole(layer, "nin");
        OptionalLong out = Dl4jConfiguration.whole(layer, "nout");
        if (in.isEmpty() || out.isEmpty()) {
            return OptionalLong.empty();
        }
        long columns = Math.multiplyExact(gates, out.getAsLong());
        long weights = Math.multiplyExact(in.getAsLong(), columns);
        long again = Math.multiplyExact(out.getAsLong(), Math.addExact(columns, peepholes));
        return OptionalLong.of(Math.addExact(Math.addExact(weights, again), columns));
    }

    private static boolean flag(JsonObject layer, String name, boolean standard) {
        return layer.members().get(name) instanceof JsonBoolean b ? b.value() : standard;
    }

    private static OptionalLong product(@Nullable JsonValue sizes) {
        if (!(sizes instanceof JsonArray array)) {
            return OptionalLong.empty();
        }
        long product = 1;
        for (JsonValue size : array.items()) {
            if (!(size instanceof JsonNumber n)
                    || n.value() < 1
                    || n.value() > 1e6
                    || n.value() != Math.rint(n.value())) {
                return OptionalLong.empty();
            }
            product = Math.multiplyExact(product, (long) n.value());
        }
        return OptionalLong.of(product);
    }
}
